import { crashRunner } from './crash-runner.js'
import { shortForm } from './short-form.js'

shortForm(crashRunner, { rounds: 8, shows: ['kills', 'succeeded'] })
