// `pnpm proto` turns proto/**/*.proto into ES modules with type declarations in packages/core/src/proto/gen.
// `pnpm proto --check` only tells whether the files there are what the .proto files say.
//
// protoc writes CommonJS that hangs its messages on globalThis.proto. We run inside other people's build tools, so each file
// becomes an ES module with a `proto` of its own.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const protoDir = join(root, 'proto')
const outDir = join(root, 'packages', 'core', 'src', 'proto', 'gen')
const grpcToolsBin = join(root, 'node_modules', 'grpc-tools', 'bin')
const windows = process.platform === 'win32'

main()

function main() {
  const generated = generate(filesBelow(protoDir).filter((file) => file.endsWith('.proto')))
  if (process.argv.includes('--check')) check(generated)
  else write(generated)
}

/** Runs protoc and returns the finished files as a Map from path (below gen/) to text. */
function generate(protoFiles) {
  const raw = mkdtempSync(join(tmpdir(), 'gorego-proto-'))
  try {
    const args = [
      `--proto_path=${protoDir}`,
      // any.proto, duration.proto and so on: part of the npm package even where its protoc was not downloaded.
      `--proto_path=${process.env.PROTOC_INCLUDE || grpcToolsBin}`,
      `--plugin=protoc-gen-ts=${join(root, 'node_modules', '.bin', windows ? 'protoc-gen-ts.CMD' : 'protoc-gen-ts')}`,
      `--js_out=import_style=commonjs,binary:${raw}`,
      `--ts_out=${raw}`,
      '--include_imports',
      `--descriptor_set_out=${join(raw, 'descriptors.bin')}`,
      ...protoFiles,
    ]
    const { status, error, stderr } = spawnSync(findProtoc(), args, { encoding: 'utf8' })
    if (status !== 0) fail(`protoc failed: ${error?.message ?? stderr.trim()}`)

    const files = new Map()
    for (const protoFile of protoFiles) {
      const base = protoFile.replace(/\.proto$/, '_pb')
      files.set(`${base}.js`, toEsModule(readFileSync(join(raw, `${base}.js`), 'utf8'), protoFile))
      files.set(`${base}.d.ts`, toEsmDeclarations(readFileSync(join(raw, `${base}.d.ts`), 'utf8'), protoFile))
    }
    const descriptors = readFileSync(join(raw, 'descriptors.bin')).toString('base64')
    files.set('descriptors.js', descriptorModule(`export const fileDescriptorSet =\n  '${descriptors}'`))
    files.set('descriptors.d.ts', descriptorModule('export declare const fileDescriptorSet: string'))
    return files
  } finally {
    rmSync(raw, { recursive: true, force: true })
  }
}

function findProtoc() {
  if (process.env.PROTOC) return process.env.PROTOC
  const bundled = join(grpcToolsBin, windows ? 'protoc.exe' : 'protoc')
  if (existsSync(bundled)) return bundled
  return fail(
    `no protoc: ${bundled} is not there (the install script of grpc-tools did not download it).\n` +
      'Set PROTOC to a protoc up to 3.20.x, the last with a built-in JavaScript generator, e.g. from Maven Central:\n' +
      'com.google.protobuf:protoc:3.20.3:exe:<linux-x86_64, osx-x86_64, windows-x86_64, …>',
  )
}

/** Writes the head and the exports anew, leaves out Closure's annotations, and adapts the code to google-protobuf 4. */
function toEsModule(source, protoFile) {
  const packageName = find(source, /^goog\.object\.extend\(exports, proto\.([\w.]+)\);$/m, protoFile)
  const symbols = [...source.matchAll(/^goog\.exportSymbol\('proto\.([\w.]+)', null, global\);$/gm)].map((m) => m[1])
  const exported = symbols.filter((name) => name.slice(0, name.lastIndexOf('.')) === packageName)
  const required = [...source.matchAll(/^var (\w+) = require\('([^']+)'\);$/gm)].map((m) => [m[1], m[2]])

  const code = source
    .replace(/\/\*[\s\S]*?\*\/ ?/g, '')
    .replace(/^\/\/.*\n/gm, '')
    .replace(/^(var \w+ = (require|jspb|\(function)|goog\.(exportSymbol|object\.extend)\().*\n?/gm, '')
    .replace(/^if \(goog\.DEBUG && !COMPILED\) \{\n[\s\S]*?^\}\n/gm, '')
    // What protoc-gen-js for google-protobuf 4 writes: proto3 strings that are not UTF-8 are errors, maps and
    // packed lists have a new API.
    .replace(/\.readString\b/g, '.readStringRequireUtf8')
    .replace(
      /\bf\.serializeBinary\((\d+), writer,/g,
      'jspb.internal.public_for_gencode.serializeMapToBinary(f, $1, writer,',
    )
    .replace(
      /var values = \(reader\.isDelimited\(\) \? reader\.readPacked(\w+)\(\) : .*\n\s*for .*\n\s*msg\.add(\w+)\(values\[i\]\);\n\s*\}/g,
      'reader.readPackable$1Into(msg.get$2List());',
    )
    .replace(/[ \t]+$/gm, '')
    .replace(/(=|return) {2}\(/g, '$1 (')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  // `proto` holds nothing but this file's package, so that the names are short.
  const body = bindForeignMessages(code, new Set(exported), protoFile).replaceAll(`proto.${packageName}.`, 'proto.')
  if (/\b(require|exports|COMPILED|global|globalThis)\b/.test(body)) fail(`${protoFile}: protoc wrote the unexpected`)
  checkFieldOrder(body, protoFile)

  const uses = (name) => new RegExp(`\\b${name}\\.`).test(body)
  const imports = required
    .filter(([name]) => uses(name) || (name === 'jspb' && uses('goog')))
    // google-protobuf is CommonJS, so Node has only a default import to offer; our own files have names.
    .map(([name, from]) => `import ${from.startsWith('.') ? `* as ${name}` : name} from '${from}'`)
  return lines(
    header(protoFile),
    '',
    ...imports,
    '',
    ...(uses('goog') ? ['const goog = jspb'] : []),
    'const proto = {}',
    '',
    body,
    '',
    ...exported.map((name) => name.slice(packageName.length + 1)).map((name) => `export const ${name} = proto.${name}`),
  )
}

/**
 * add…() of repeated fields names messages of other files by way of the global `proto`; every other place goes by the
 * imported module. Makes them all do the latter.
 */
function bindForeignMessages(code, own, protoFile) {
  return code.replace(/\bproto\.((?:[a-z]\w*\.)+([A-Z]\w*))/g, (reference, fullName, name) => {
    if (own.has(fullName)) return reference
    const bindings = new Set([...code.matchAll(new RegExp(`\\b\\w+_pb\\.${name}\\b`, 'g'))].map((m) => m[0]))
    if (bindings.size !== 1) fail(`${protoFile}: cannot tell which import ${reference} is`)
    return [...bindings][0]
  })
}

/** google-protobuf writes fields in the order of declaration; stored messages must be in tag order (DIG-08). */
function checkFieldOrder(body, protoFile) {
  for (const [, message, code] of body.matchAll(/^proto\.([\w.]+)\.serializeBinaryToWriter = ([\s\S]*?)^\};/gm)) {
    const writes = code.matchAll(/(?:writer\.write\w+\(|serializeMapToBinary\(f,)\s*(\d+),/g)
    const numbers = Array.from(writes, (m) => Number(m[1]))
    if (numbers.some((number, i) => i > 0 && number < numbers[i - 1])) {
      fail(`${protoFile}: declare the fields of ${message} in the order of their numbers, not ${numbers.join(', ')}`)
    }
  }
}

function toEsmDeclarations(source, protoFile) {
  const body = source
    .replace(/^\/\/ (package|file): .*\n/gm, '')
    .replace(/^import \* as (\w+) from "([^"]+)";$/gm, (_, name, from) => {
      const file = from.includes('/') ? `${from}.js` : from
      return `import type * as ${name} from '${file}'`
    })
    // Setters return the message, and so does add…() of anything but messages, which ts-protoc-gen does not know.
    .replace(/^( +(?:set|clear)\w+\(.*\)): void;$/gm, '$1: this;')
    .replace(/^( +add\w+\(value: .*\)): .*;$/gm, '$1: this;')
    // The base class is a value, so this one import is more than a type.
    .replace("import type * as jspb from 'google-protobuf'", "import * as jspb from 'google-protobuf'")
  return lines(header(protoFile), '', body.trim())
}

/** For reflection, which is to say what the .proto files say. */
function descriptorModule(declaration) {
  return lines(
    '// Generated by `pnpm proto` from proto/. Do not edit.',
    '',
    '/** A google.protobuf.FileDescriptorSet of all files and what they import, in base64. */',
    declaration,
  )
}

function header(protoFile) {
  return `// Generated by \`pnpm proto\` from proto/${protoFile}. Do not edit.`
}

function write(generated) {
  rmSync(outDir, { recursive: true, force: true })
  for (const [path, text] of generated) {
    mkdirSync(dirname(join(outDir, path)), { recursive: true })
    writeFileSync(join(outDir, path), text)
  }
  console.log(`wrote ${generated.size} files to packages/core/src/proto/gen`)
}

function check(generated) {
  const present = existsSync(outDir) ? filesBelow(outDir) : []
  const problems = [
    ...present.filter((path) => !generated.has(path)).map((path) => `${path}: nothing generates this file`),
    ...[...generated.keys()].filter((path) => !present.includes(path)).map((path) => `${path}: missing`),
    ...present
      .filter((path) => generated.has(path) && readFileSync(join(outDir, path), 'utf8') !== generated.get(path))
      .map((path) => `${path}: differs`),
  ]
  if (problems.length > 0) {
    fail(`packages/core/src/proto/gen is not what proto/ says; run \`pnpm proto\`\n  ${problems.join('\n  ')}`)
  }
  console.log('packages/core/src/proto/gen is up to date')
}

function filesBelow(dir) {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort()
}

function find(text, pattern, where) {
  return pattern.exec(text)?.[1] ?? fail(`${where}: no ${pattern} in what protoc wrote`)
}

function lines(...parts) {
  return `${parts.join('\n')}\n`
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
