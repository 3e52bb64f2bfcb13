import type { Command } from '../proto/messages.js'
import { compareLists } from './compare-lists.js'
import type { Findings } from './difference.js'

/** What two Commands do not have in common; the platform is not looked at, which an Action may have, too. */
export function compareCommands(before: Command, after: Command, findings: Findings): void {
  compareLists(before.getArgumentsList(), after.getArgumentsList(), findings)
  compareMaps('variable', variablesOf(before), variablesOf(after), findings)
  findings.compare('working-directory', '', before.getWorkingDirectory(), after.getWorkingDirectory())
  compareMaps('output', outputsOf(before), outputsOf(after), findings)
  const format = (command: Command) => String(command.getOutputDirectoryFormat())
  findings.compare('output', 'output_directory_format', format(before), format(after))
  const properties = (command: Command) => command.getOutputNodePropertiesList().join(', ')
  findings.compare('output', 'output_node_properties', properties(before), properties(after))
}

/** What either side has under a name that the other has not, or has something else. In the order of the first, then the second. */
export function compareMaps(
  kind: 'variable' | 'output' | 'platform',
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  findings: Findings,
): void {
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    if (findings.full) return
    findings.compare(kind, name, before.get(name), after.get(name))
  }
}

/** Every output that is declared, by path, with the field that says so: clients of REAPI 2.0 tell files and directories apart. */
export function outputsOf(command: Command): Map<string, string> {
  const paths = command.getOutputPathsList()
  // CM-06: the older fields are ignored where there are paths.
  if (paths.length > 0) return new Map(paths.map((path) => [path, 'declared']))
  return new Map([
    ...command.getOutputFilesList().map((path) => [path, 'declared as a file'] as const),
    ...command.getOutputDirectoriesList().map((path) => [path, 'declared as a directory'] as const),
  ])
}

function variablesOf(command: Command): Map<string, string> {
  return new Map(command.getEnvironmentVariablesList().map((variable) => [variable.getName(), variable.getValue()]))
}
