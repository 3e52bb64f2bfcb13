import { relative } from 'node:path'
import ts from 'typescript'

export interface ApiReport {
  /** What an importer may use, by name: declarations without comments, private members and bodies. */
  readonly declarations: ReadonlyMap<string, string>
  /** Names that an importer sees and that no comment describes. */
  readonly undocumented: readonly string[]
}

export interface ApiReportOptions {
  /** The workspace, an absolute path: other files are not described. */
  readonly repository: string
  /** The sources of the entry points, absolute paths. */
  readonly entries: readonly string[]
}

const printer = ts.createPrinter({ removeComments: true })

/**
 * Describes what entry points export, by the declarations that TypeScript makes of the sources: nothing has to be built. A namespace of
 * other names, such as the protocol's messages, is told by the names in it.
 */
export function apiReports({ repository, entries }: ApiReportOptions): ApiReport[] {
  const program = ts.createProgram([...entries], compilerOptions(repository))
  const checker = program.getTypeChecker()
  const declared = new DeclarationFiles(program)
  return entries.map((entry) => {
    const source = program.getSourceFile(entry)
    const module = source && checker.getSymbolAtLocation(source)
    if (module === undefined) throw new Error(`${relative(repository, entry)} exports nothing that can be described`)
    const declarations = new Map<string, string>()
    const undocumented: string[] = []
    const exported = [...checker.getExportsOfModule(module)].sort((a, b) => compare(a.name, b.name))
    for (const { name, symbol } of exported.map((alias) => ({ name: alias.name, symbol: followed(alias, checker) }))) {
      declarations.set(name, isNamespace(symbol) ? namesIn(symbol, name, checker) : declared.textOf(symbol))
      if (!isNamespace(symbol) && symbol.getDocumentationComment(checker).length === 0) undocumented.push(name)
    }
    return { declarations, undocumented }
  })
}

function compilerOptions(repository: string): ts.CompilerOptions {
  const path = `${repository}/tsconfig.base.json`
  const { config } = ts.readConfigFile(path, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, repository)
  return { ...options, noEmit: false, declaration: true, emitDeclarationOnly: true, removeComments: false }
}

const followed = (symbol: ts.Symbol, checker: ts.TypeChecker) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

const isNamespace = (symbol: ts.Symbol) => (symbol.flags & ts.SymbolFlags.ValueModule) !== 0

function namesIn(symbol: ts.Symbol, name: string, checker: ts.TypeChecker): string {
  const names = checker.getExportsOfModule(symbol).map((member) => member.name)
  return [`namespace ${name} {`, ...names.sort(compare).map((member) => `    ${member}`), '}'].join('\n')
}

/** The declarations of a program's files, made when they are first asked for. */
class DeclarationFiles {
  readonly #program: ts.Program
  readonly #files = new Map<ts.SourceFile, ts.SourceFile>()

  constructor(program: ts.Program) {
    this.#program = program
  }

  textOf(symbol: ts.Symbol): string {
    const sources = new Set((symbol.declarations ?? []).map((declaration) => declaration.getSourceFile()))
    const statements = [...sources].flatMap((source) => {
      const file = this.#declarationsOf(source)
      const named = file.statements.filter((statement) => namesOf(statement).includes(symbol.name))
      return named.map((statement) => withoutPrivates(printer.printNode(ts.EmitHint.Unspecified, statement, file)))
    })
    if (statements.length === 0) throw new Error(`no declaration of ${symbol.name} was found`)
    return statements.join('\n')
  }

  #declarationsOf(source: ts.SourceFile): ts.SourceFile {
    const known = this.#files.get(source)
    if (known !== undefined) return known
    let text = source.isDeclarationFile ? source.text : ''
    const keep = (_: string, made: string) => {
      text = made
    }
    if (!source.isDeclarationFile) this.#program.emit(source, keep, undefined, true)
    const file = ts.createSourceFile(`${source.fileName}.d.ts`, text, ts.ScriptTarget.ES2022, true)
    this.#files.set(source, file)
    return file
  }
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText())
  const { name } = statement as ts.Statement & { name?: ts.Node }
  return name === undefined ? [] : [name.getText()]
}

// Who imports a class cannot get at these. TypeScript leaves a mark of the first kind, and the names of the second.
const withoutPrivates = (text: string) => text.replace(/^\s+(?:#private|private\b.*);\n/gm, '')

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
