// What a server needs to describe itself. Only loaded when somebody asks: see loadReflection.
export { Descriptors } from './descriptors.js'
export * from './gen/grpc/reflection/v1/reflection_pb.js'
