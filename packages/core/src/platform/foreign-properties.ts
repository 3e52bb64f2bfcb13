/**
 * Properties by which clients tell other services how to run an action: which image, which pool of machines, how much of
 * one. They are no demand on what the worker is, and builds that are set up for such a service carry them everywhere.
 * Sources: bazel-toolchains (rules/exec_properties), the documentation of BuildBuddy (RBE platforms) and of Buildfarm
 * (execution properties), as of 2026. Compared without regard to case, as BuildBuddy does.
 */
const FOREIGN: ReadonlySet<string> = new Set(
  [
    // Google's RBE, as bazel-toolchains writes them; most others took these over.
    'cache-silo-key container-image dockerAddCapabilities dockerDropCapabilities dockerNetwork dockerPrivileged',
    'dockerRunAsRoot dockerRuntime dockerShmSize dockerSiblingContainers dockerUlimits dockerUseURandom',
    'gceMachineType jdk-version Pool',
    // BuildBuddy
    'affinity-routing clean-workspace-inputs container-registry-bypass container-registry-password',
    'container-registry-username default-timeout disable-measured-task-size disable-predicted-task-size dockerInit',
    'dockerReuse dockerUser enable-dockerd-tcp enable-vfs env-overrides-base64 EstimatedComputeUnits EstimatedCPU',
    'EstimatedFreeDiskBytes EstimatedMemory hosted-bazel-affinity-key include-secrets init-dockerd network',
    'persistentWorkerKey persistentWorkerProtocol persistent-workers preserve-workspace recycle-runner',
    'runner-recycling-key runner-recycling-max-wait snapshot-key-override termination-grace-period',
    'use-self-hosted-executors workload-isolation-type',
    // Buildfarm
    'as-nobody block-network choose-queue cores debug-after-execution debug-before-execution debug-target',
    'debug-tests-only env-vars fake-hostname linux-sandbox max-cores max-mem min-cores min-mem operation-queue',
    'skip-sleep tmpfs',
  ]
    .join(' ')
    .toLowerCase()
    .split(' '),
)

export function isForeignProperty(name: string): boolean {
  return FOREIGN.has(name.toLowerCase())
}
