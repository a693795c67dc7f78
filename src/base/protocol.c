#include <config.h>

#include "base/protocol.h"

const char *
ll_protocol_name (LlProtocol protocol)
{
  static const char *const names[] = { "unknown", "openpgp", "smime" };
  g_return_val_if_fail ((gsize)protocol < G_N_ELEMENTS (names), "unknown");
  return names[protocol];
}

const char *
ll_protocol_title (LlProtocol protocol)
{
  static const char *const titles[] = { "?", "OpenPGP", "S/MIME" };
  g_return_val_if_fail ((gsize)protocol < G_N_ELEMENTS (titles), "?");
  return titles[protocol];
}
