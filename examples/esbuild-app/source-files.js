// Which files a page is made of.
import { readdir, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import ts from 'typescript'

/** The pages of an app, each with the script that it loads. */
export async function pagesOf(src) {
  const pages = (await readdir(src)).filter((name) => name.endsWith('.html')).sort()
  return await Promise.all(
    pages.map(async (page) => {
      const [, entry] = /<script type="module" src="([^"]+)">/.exec(await readFile(join(src, page), 'utf8')) ?? []
      if (entry === undefined) throw new Error(`${join(src, page)} has no <script type="module" src="…">`)
      return { page, entry }
    }),
  )
}

/** A script, and every file that it imports by a relative path, at any distance; types, too. Paths below `src`. */
export async function importsOf(src, entry) {
  const found = new Set([entry])
  // A set grows while it is gone through.
  for (const path of found) {
    const { importedFiles } = ts.preProcessFile(await readFile(join(src, path), 'utf8'))
    for (const { fileName } of importedFiles)
      if (fileName.startsWith('.')) found.add(posix.join(posix.dirname(path), fileName))
  }
  return [...found].sort()
}
