#include <config.h>

#include <gio/gio.h>

#include "base/error.h"

G_DEFINE_QUARK (ll_error, ll_error)

#define LL_EXIT_CANCELLED 130

static const struct
{
  const char *name;
  int exit_status;
} codes[] = {
  [LL_ERROR_FAILED] = { "failed", 1 },
  [LL_ERROR_NO_SIGNATURE] = { "no-signature", 3 },
  [LL_ERROR_UNSUPPORTED_ALGORITHM] = { "unsupported-algorithm", 13 },
  [LL_ERROR_CANNOT_ENCRYPT] = { "cannot-encrypt", 17 },
  [LL_ERROR_MISSING_ARGUMENT] = { "missing-argument", 19 },
  [LL_ERROR_CANNOT_DECRYPT] = { "cannot-decrypt", 29 },
  [LL_ERROR_UNSUPPORTED_OPTION] = { "unsupported-option", 37 },
  [LL_ERROR_BAD_DATA] = { "bad-data", 41 },
  [LL_ERROR_OUTPUT_EXISTS] = { "output-exists", 59 },
  [LL_ERROR_MISSING_INPUT] = { "missing-input", 61 },
  [LL_ERROR_KEY_LOCKED] = { "key-locked", 67 },
  [LL_ERROR_UNKNOWN_COMMAND] = { "unknown-command", 69 },
  [LL_ERROR_CANNOT_SIGN] = { "cannot-sign", 79 },
  [LL_ERROR_OUTPUT] = { "output", 1 },
};

const char *
ll_error_name (LlError code)
{
  g_return_val_if_fail ((gsize)code < G_N_ELEMENTS (codes), "failed");
  return codes[code].name;
}

int
ll_error_exit_status (const GError *error)
{
  g_return_val_if_fail (error != NULL, 1);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return LL_EXIT_CANCELLED;
  if (error->domain == LL_ERROR && (gsize)error->code < G_N_ELEMENTS (codes))
    return codes[error->code].exit_status;
  return 1;
}

const char *
ll_error_get_name (const GError *error)
{
  g_return_val_if_fail (error != NULL, "failed");
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return "cancelled";
  if (error->domain == LL_ERROR && (gsize)error->code < G_N_ELEMENTS (codes))
    return codes[error->code].name;
  return "failed";
}
