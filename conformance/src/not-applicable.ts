/**
 * Requirements that no case tries, each with the reason. Whatever has neither a case nor a line here is a hole in the
 * suite, and a test of the suite finds it.
 */
export const notApplicable: Readonly<Record<string, string>> = {
  'CL-19': 'gorego has no HTTP cache yet; the suite speaks gRPC',
  'CP-09': 'gorego knows no callers apart yet: there is no authentication',
  'DIG-10': 'SHA256TREE is not computed here, and advertised by none of the servers that were tried',
}
