// What a TypeScript file imports, read from its text: formatted by Biome, statements begin at the start of a line.

// `import … from`, `export … from`: names, braces, stars and commas may stand between, but no parenthesis and no `=`.
const statement = /^(?:import|export)\s+([\w$\s{},*]*?)\s*from\s*['"]([^'"]+)['"]/gm
const forEffect = /^import\s*['"]([^'"]+)['"]/gm
const call = /^(?!\s*(?:\/\/|\*)).*?(\btypeof\s+)?\b(?:import|require)\(\s*['"]([^'"]+)['"]/gm

/** All imports of a source text: `{ specifier, typesOnly, line }`. */
export function importsOf(text) {
  const found = []
  const add = (match, specifier, typesOnly) => {
    found.push({ specifier, typesOnly, line: text.slice(0, match.index).split('\n').length })
  }
  for (const match of text.matchAll(statement)) add(match, match[2], namesOnlyTypes(match[1]))
  for (const match of text.matchAll(forEffect)) add(match, match[1], false)
  for (const match of text.matchAll(call)) if (!isQuoted(match[0])) add(match, match[2], match[1] !== undefined)
  return found.sort((a, b) => a.line - b.line)
}

// Behind a backtick that is still open: the text of some other program.
const isQuoted = (line) => line.split('`').length % 2 === 0

function namesOnlyTypes(clause) {
  if (/^type\s/.test(clause)) return true
  const names = /^\{([^}]*)\}$/
    .exec(clause.trim())?.[1]
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith('type '))
}
