import type { Section } from './requirement.js'

/** Sections 9 and 10: results, capabilities. */
export const resultSections: readonly Section[] = [
  {
    number: 9,
    title: 'ActionCache',
    requirements: [
      { id: 'AC-01', level: 'M', says: 'miss ⇒ NOT_FOUND.' },
      {
        id: 'AC-02',
        level: 'S',
        says: 'all referenced blobs present at return and for some time after (output files, Tree blobs and their files, root_directory_digest chain when set, stdout/stderr); otherwise behave as miss.',
      },
      { id: 'AC-03', level: 'S', says: 'lifetimes of entry and referenced blobs extended.' },
      { id: 'AC-04', level: 'S', says: 'recently used entries survive longer.' },
      { id: 'AC-05', level: 'S', says: 'stdout/stderr/file contents not inlined unless asked.' },
      {
        id: 'AC-06',
        level: 'S',
        says: 'asked ⇒ inline when small; MAY omit; M omit when the message would exceed limits.',
      },
      { id: 'AC-07', level: 'M', says: 'when inlining stdout keep digest too if it was there (D).' },
      {
        id: 'AC-08',
        level: 'M',
        says: 'inline_output_files must match output paths exactly; unknown paths ignored (D).',
      },
      {
        id: 'AC-09',
        level: 'M',
        says: 'Update: Action and Command must already be in CAS — missing ⇒ FAILED_PRECONDITION (D: Bazel uploads them; make strictness configurable, default lenient).',
      },
      {
        id: 'AC-10',
        level: 'M',
        says: 'malformed ActionResult (absolute/.. output paths, bad digests) ⇒ INVALID_ARGUMENT.',
      },
      {
        id: 'AC-11',
        level: 'S',
        says: 'server may modify the value and returns the stored equivalent; inline raw stdout is moved to CAS.',
      },
      { id: 'AC-12', level: 'M', says: 'update disabled ⇒ capability says so and call ⇒ PERMISSION_DENIED (D).' },
      { id: 'AC-13', level: 'S', says: 'quota ⇒ RESOURCE_EXHAUSTED.' },
      { id: 'AC-14', level: 'M', says: 'last Update wins; reader never sees a torn entry.' },
      { id: 'AC-15', level: 'M', says: 'empty stored value never served.' },
      { id: 'AC-16', level: 'S', says: 'results_cache_policy.priority accepted within advertised range.' },
    ],
  },
  {
    number: 10,
    title: 'Capabilities',
    requirements: [
      {
        id: 'CP-01',
        level: 'M',
        says: 'cache-only endpoint omits execution_capabilities; exec endpoint with CAS sends both.',
      },
      { id: 'CP-02', level: 'M', says: 'digest_function ≠ UNKNOWN and contained in digest_functions.' },
      { id: 'CP-03', level: 'M', says: 'low ≤ high API version; deprecated ≤ low.' },
      { id: 'CP-04', level: 'M', says: 'identity compression always works though unlisted.' },
      { id: 'CP-05', level: 'M', says: 'symlink strategy non-UNKNOWN and enforced.' },
      { id: 'CP-06', level: 'M', says: 'advertised limits are the enforced ones.' },
      {
        id: 'CP-07',
        level: 'S',
        says: 'priority ranges advertised iff honoured; C Bazel rejects non-zero priorities outside.',
      },
      { id: 'CP-08', level: 'M', says: 'supported_node_properties equals what output_node_properties accepts.' },
      {
        id: 'CP-09',
        level: 'D',
        says: "values depend on the caller's authorization (update_enabled=false for read-only callers).",
      },
    ],
  },
]
