import { shout } from './shout.ts'

export const greeting = (name: string) => shout(`hello, ${name}`)
