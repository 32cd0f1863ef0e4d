/* What the files of the addon share: arguments in, numbers and TypeErrors out. */
#ifndef TAPIO_NAPI_H
#define TAPIO_NAPI_H
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

static inline napi_value type_error (napi_env env, const char *message)
{
	napi_throw_type_error(env, NULL, message);
	return NULL;
}

static inline napi_value number (napi_env env, int64_t value)
{
	napi_value out;
	napi_create_int64(env, value, &out);
	return out;
}

/* The memory of a Uint8Array or Uint32Array. */
static inline bool bytes_of (napi_env env, napi_value value, uint8_t **data, size_t *size)
{
	bool typed = false;
	napi_typedarray_type type;
	size_t length;
	if (napi_is_typedarray(env, value, &typed) != napi_ok || !typed)
		return false;
	if (napi_get_typedarray_info(env, value, &type, &length, (void **)data, NULL, NULL) != napi_ok)
		return false;
	*size = length * (type == napi_uint32_array ? 4 : 1);
	return type == napi_uint8_array || type == napi_uint32_array;
}

/* netlink.c */
napi_value netlink_open (napi_env env, napi_callback_info info);
napi_value netlink_ready (napi_env env, napi_callback_info info);
napi_value netlink_request (napi_env env, napi_callback_info info);
napi_value netlink_read (napi_env env, napi_callback_info info);
#endif
