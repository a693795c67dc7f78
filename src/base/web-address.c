#include <config.h>

#include <string.h>

#include "base/web-address.h"

static GUri *
parse (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_HAS_PASSWORD, NULL);

  if (uri == NULL
      || (g_strcmp0 (g_uri_get_scheme (uri), "http") != 0
          && g_strcmp0 (g_uri_get_scheme (uri), "https") != 0)
      || g_uri_get_userinfo (uri) != NULL || g_uri_get_host (uri) == NULL
      || *g_uri_get_host (uri) == '\0')
    return NULL;
  return g_steal_pointer (&uri);
}

gboolean
ll_web_address_is_web (const char *url)
{
  g_autoptr (GUri) uri = parse (url);

  return uri != NULL;
}

/* Blocks that GLib does not name: shared addresses (RFC 6598), this network and the future (RFC
 * 6890), unique local ones (RFC 4193), those that carry an IPv4 address inside (RFC 4291, RFC 6052,
 * RFC 3056). */
static const char *const local_blocks[]
    = { "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4",
        "fc00::/7",  "::ffff:0:0/96", "::/96",        "64:ff9b::/96",  "2002::/16" };

static gboolean
is_public (GInetAddress *address)
{
  if (g_inet_address_get_is_loopback (address) || g_inet_address_get_is_any (address)
      || g_inet_address_get_is_link_local (address) || g_inet_address_get_is_site_local (address)
      || g_inet_address_get_is_multicast (address))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (local_blocks); i++)
    {
      g_autoptr (GInetAddressMask) block
          = g_inet_address_mask_new_from_string (local_blocks[i], NULL);

      if (block == NULL || g_inet_address_mask_matches (block, address))
        return FALSE;
    }
  return TRUE;
}

/* Names that only the local network knows (RFC 6761, RFC 6762, RFC 8375). */
static gboolean
is_local_name (const char *host)
{
  static const char *const ends[] = { ".localhost", ".local", ".internal", ".home.arpa", ".lan" };
  g_autofree char *name = g_ascii_strdown (host, -1);

  if (g_str_has_suffix (name, "."))
    name[strlen (name) - 1] = '\0';
  if (strchr (name, '.') == NULL)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    if (g_str_has_suffix (name, ends[i]))
      return TRUE;
  /* a number in another spelling, which some resolvers take for an address: 127.1, 0x7f.1 */
  return g_ascii_isdigit (strrchr (name, '.')[1]);
}

static gboolean
all_are_public (const char *host, GCancellable *cancellable)
{
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  GList *addresses = g_resolver_lookup_by_name (resolver, host, cancellable, NULL);
  gboolean good = addresses != NULL;

  for (GList *item = addresses; item != NULL; item = item->next)
    good &= is_public (item->data);
  g_resolver_free_addresses (addresses);
  return good;
}

gboolean
ll_web_address_is_public (const char *url, gboolean by_proxy, GCancellable *cancellable)
{
  g_autoptr (GUri) uri = parse (url);
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;
  g_autoptr (GInetAddress) address = host != NULL ? g_inet_address_new_from_string (host) : NULL;

  if (host == NULL)
    return FALSE;
  if (address != NULL)
    return is_public (address);
  return !is_local_name (host) && (by_proxy || all_are_public (host, cancellable));
}
