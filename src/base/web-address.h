/* web-address.h - which addresses may be fetched because a stranger's certificate names them.
 *
 * What enters: a URL. What leaves: yes or no. http and https alone, and no address of this computer
 * or of the local network, so that a message cannot make us knock at doors inside (SC-25). It
 * fetches nothing.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* TRUE for http and https without a name and password in it. */
gboolean ll_web_address_is_web (const char *url);

/* TRUE when it also leads out: the host is no address and no name of the local network, and each
 * address that its name has now is public. With `by_proxy` the name is not looked up here, because
 * who fetches it does so elsewhere (a proxy, Tor). */
gboolean ll_web_address_is_public (const char *url, gboolean by_proxy, GCancellable *cancellable);

G_END_DECLS
