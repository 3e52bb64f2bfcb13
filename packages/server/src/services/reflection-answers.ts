import { reapi } from '@gorego/core'

type Reflection = Awaited<ReturnType<typeof reapi.loadReflection>>
type Request = InstanceType<Reflection['ServerReflectionRequest']>
type Response = InstanceType<Reflection['ServerReflectionResponse']>

const { NOT_FOUND, INVALID_ARGUMENT } = reapi.RpcCode

let loading: Promise<{ reflection: Reflection; descriptors: InstanceType<Reflection['Descriptors']> }> | undefined

/** Loads what is needed, once a process, and returns what answers one request: bytes in, a message out. */
export async function reflectionAnswers(services: readonly string[]): Promise<(bytes: Uint8Array) => Response> {
  loading ??= reapi.loadReflection().then((reflection) => ({ reflection, descriptors: new reflection.Descriptors() }))
  const { reflection, descriptors } = await loading

  return (bytes) => {
    const request = reapi.decode(reflection.ServerReflectionRequest, bytes, 'a request to server reflection')
    const response = new reflection.ServerReflectionResponse()
      .setValidHost(request.getHost())
      .setOriginalRequest(request)
    return fill(response, request)
  }

  function fill(response: Response, request: Request): Response {
    const kind = reflection.ServerReflectionRequest.MessageRequestCase
    switch (request.getMessageRequestCase()) {
      case kind.LIST_SERVICES: {
        const list = services.map((name) => new reflection.ServiceResponse().setName(name))
        return response.setListServicesResponse(new reflection.ListServiceResponse().setServiceList(list))
      }
      case kind.FILE_BY_FILENAME:
        return withFiles(response, descriptors.file(request.getFileByFilename()), request.getFileByFilename())
      case kind.FILE_CONTAINING_SYMBOL: {
        const symbol = request.getFileContainingSymbol()
        return withFiles(response, descriptors.fileWith(symbol), symbol)
      }
      case kind.ALL_EXTENSION_NUMBERS_OF_TYPE: {
        const type = request.getAllExtensionNumbersOfType()
        // proto3 has no extensions, and none of our files extends the options of another.
        if (!descriptors.isMessage(type)) return withError(response, NOT_FOUND, notDescribed(type))
        return response.setAllExtensionNumbersResponse(new reflection.ExtensionNumberResponse().setBaseTypeName(type))
      }
      case kind.FILE_CONTAINING_EXTENSION:
        return withError(response, NOT_FOUND, 'there are no extensions here')
      default:
        return withError(response, INVALID_ARGUMENT, 'the request asks for nothing that this server knows')
    }
  }

  function withFiles(response: Response, files: readonly Uint8Array[] | undefined, what: string): Response {
    if (files === undefined) return withError(response, NOT_FOUND, notDescribed(what))
    return response.setFileDescriptorResponse(
      new reflection.FileDescriptorResponse().setFileDescriptorProtoList([...files]),
    )
  }

  function withError(response: Response, code: number, message: string): Response {
    return response.setErrorResponse(new reflection.ErrorResponse().setErrorCode(code).setErrorMessage(message))
  }
}

function notDescribed(what: string): string {
  return `${JSON.stringify(what.slice(0, 100))} is not described here`
}
