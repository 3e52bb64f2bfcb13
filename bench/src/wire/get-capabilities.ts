export const GET_CAPABILITIES = '/build.bazel.remote.execution.v2.Capabilities/GetCapabilities'
