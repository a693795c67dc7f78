/* test-evidence.h - evidence made by hand, without engines, keys on disk or messages. */
#pragma once

#include "verdict/verdict.h"

G_BEGIN_DECLS

#define TEST_NOW 1790000000
#define TEST_AUTHOR "alice@example.org"

/* What the engine and the keys say of one signature. The zero value is that nothing was checked. */
typedef struct
{
  LlIntegrity integrity;
  LlReason reason; /* of integrity */
  LlAxis binding, trust, time;
  const char *address;  /* in the key; NULL: TEST_AUTHOR */
  gint64 signing_time;  /* 0: TEST_NOW - 60 */
  gint64 expires;       /* of the signature */
  gboolean key_missing; /* no opinion at all */
  LlKey *key;           /* nullable; borrowed */
} TestSignature;

#define TEST_YES                                                                                   \
  {                                                                                                \
    LL_ANSWER_YES, LL_REASON_NONE                                                                  \
  }
#define TEST_NO(reason)                                                                            \
  {                                                                                                \
    LL_ANSWER_NO, LL_REASON_##reason                                                               \
  }
#define TEST_UNCHECKED(reason)                                                                     \
  {                                                                                                \
    LL_ANSWER_NOT_CHECKED, LL_REASON_##reason                                                      \
  }
#define TEST_GOOD                                                                                  \
  {                                                                                                \
    LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_YES, TEST_YES, TEST_YES                               \
  }

/* A message from TEST_AUTHOR with an empty envelope; `is_file`: a file with one bare layer. */
LlEvidence *test_evidence_new (gboolean is_file);

/* Adds a layer inside those that are there (for a file: sets its only one), and gives its facts. */
LlFacts *test_add_layer (LlEvidence *evidence, LlLayerKind kind, LlDecryption decryption,
                         LlReason decryption_reason);

/* Signs the innermost layer. */
void test_add_signature (LlEvidence *evidence, const TestSignature *signature);

/* Adds layers by letters, outermost first:
 *   S signed, as `signature` says      E encrypted, opened     M both in one layer (OpenPGP)
 *   B signed by somebody, broken       F encrypted, not opened  W encrypted weakly, opened
 *   O signed well by somebody else     C encrypted by CBC, opened */
void test_add_shape (LlEvidence *evidence, const char *shape, const TestSignature *signature);

void test_add_errant (LlEvidence *evidence, LlReason kind, const TestSignature *signature);

/* An OpenPGP key made by hand. (transfer full) */
LlKey *test_key_new (const char *title, const char *address);

G_END_DECLS
