/*
 * What Node has no call for: malloc gives the system back all pages that are free. For Node to load (src/heap/give-back.ts), by the part of its interface for
 * native code that is the same in all versions; what is used of it is declared here, since not everybody who builds has the headers. Nothing is linked: all of it is in the process that
 * loads this, or, where the C library is another one than glibc, is not there.
 */
#include <stddef.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;

extern int napi_create_function(napi_env env, const char *name, size_t length, napi_value (*call)(napi_env, napi_callback_info),
                                void *data, napi_value *result);

extern int malloc_trim(size_t pad) __attribute__((weak));

static napi_value give_back(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  if (malloc_trim != NULL) malloc_trim(0);
  return NULL;
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value function;
  return napi_create_function(env, "giveBack", 8, give_back, NULL, &function) == 0 ? function : exports;
}
