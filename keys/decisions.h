/* decisions.h - what the user decided about certificates: trust this authority, pin this
 * certificate, refuse this one.
 *
 * What enters: a SHA-256 fingerprint and a decision. What leaves: the same, later. Kept in
 * $XDG_DATA_HOME/letterlock/decisions, which people can read, and written whole or not at all. It
 * does NOT hold certificates, does not judge, and asks nobody.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  LL_DECISION_NONE,      /* the user has said nothing */
  LL_DECISION_AUTHORITY, /* a trust anchor for mail */
  LL_DECISION_PIN,       /* this certificate alone, whoever issued it */
  LL_DECISION_REFUSE,    /* neither it nor what it issued */
} LlDecision;

/* "none", "authority", "pin", "refuse". */
const char *ll_decision_name (LlDecision decision);

typedef struct _LlDecisions LlDecisions;

/* $XDG_DATA_HOME/letterlock/decisions. (transfer full) */
char *ll_decisions_path (void);

/* Reads the file; one that is not there is empty. LL_ERROR_BAD_DATA when it cannot be read: a
 * refusal that is overlooked would be a wrong good. (transfer full) */
LlDecisions *ll_decisions_load (const char *path, GError **error);
void ll_decisions_free (LlDecisions *decisions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlDecisions, ll_decisions_free)

/* `fingerprint`: SHA-256, 64 upper-case hexadecimal digits. */
LlDecision ll_decisions_get (const LlDecisions *decisions, const char *fingerprint);

/* TRUE when the certificate is pinned for this address (SC-07). */
gboolean ll_decisions_is_pinned_for (const LlDecisions *decisions, const char *fingerprint,
                                     const char *address);

/* The addresses that the certificate is pinned for; NULL or empty: those that stand in it.
 * (transfer full) (nullable) */
char **ll_decisions_addresses (const LlDecisions *decisions, const char *fingerprint);

/* Whether any certificate got this decision. */
gboolean ll_decisions_has (const LlDecisions *decisions, LlDecision decision);

/* Puts a decision in the place of the one before; NONE takes it out. Pinning again adds `address`
 * (NULL for the other decisions, and for a pin by the certificate's own addresses). `subject` is
 * kept for people who read the file. Nothing is written before ll_decisions_save(). */
void ll_decisions_set (LlDecisions *decisions, const char *fingerprint, LlDecision decision,
                       const char *address, const char *subject);

/* Writes the file, with mode 0600, in a folder of mode 0700. LL_ERROR_FAILED. */
gboolean ll_decisions_save (const LlDecisions *decisions, GError **error);

G_END_DECLS
