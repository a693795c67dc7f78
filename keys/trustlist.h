/* trustlist.h - gpgsm's trustlist.txt: which roots the user trusts, and which they refused.
 *
 * What enters: the file of the GnuPG home, and the system's where GnuPG would read it. What leaves:
 * SHA-1 fingerprints. It does NOT look for the certificates and writes nothing.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  LL_TRUSTLIST_SILENT,  /* it says nothing of that certificate */
  LL_TRUSTLIST_TRUSTED, /* for S/MIME: flag S or * */
  LL_TRUSTLIST_REFUSED, /* "!" before it */
} LlTrustlistWord;

typedef struct _LlTrustlist LlTrustlist;

/* Reads the lists of the GnuPG home in use. A list that is not there is empty; one that cannot be
 * read trusts nothing. (transfer full) */
LlTrustlist *ll_trustlist_new (void);

/* The same from a text, for tests; "include-default" stands for `included` (nullable).
 * (transfer full) */
LlTrustlist *ll_trustlist_new_from_text (const char *text, const char *included);

void ll_trustlist_free (LlTrustlist *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlTrustlist, ll_trustlist_free)

/* `fingerprint`: SHA-1, upper-case hexadecimal digits. */
LlTrustlistWord ll_trustlist_ask (const LlTrustlist *list, const char *fingerprint);

/* TRUE when it trusts nobody: then there is no need to look for the certificates. */
gboolean ll_trustlist_is_empty (const LlTrustlist *list);

G_END_DECLS
