/* Which addresses a stranger's certificate may send us to (SC-25). Nothing is fetched. */
#include <config.h>

#include "base/web-address.h"

typedef struct
{
  const char *url;
  gboolean web, public; /* where names are looked up elsewhere */
} UrlCase;

static const UrlCase cases[] = {
  { "http://ca.example.org/ca.cer", TRUE, TRUE },
  { "https://ca.example.org:8443/ca.cer?x=1", TRUE, TRUE },
  { "http://93.184.216.34/ca.cer", TRUE, TRUE },
  { "http://[2606:2800:220:1::1]/ca.cer", TRUE, TRUE },

  { "ldap://ca.example.org/cn=ca", FALSE, FALSE },
  { "ftp://ca.example.org/ca.cer", FALSE, FALSE },
  { "file:///etc/passwd", FALSE, FALSE },
  { "http://name:word@ca.example.org/", FALSE, FALSE },
  { "http:///ca.cer", FALSE, FALSE },
  { "ca.example.org/ca.cer", FALSE, FALSE },
  { "", FALSE, FALSE },

  { "http://127.0.0.1/", TRUE, FALSE },
  { "http://127.1/", TRUE, FALSE },
  { "http://0x7f.0.0.1/", TRUE, FALSE },
  { "http://2130706433/", TRUE, FALSE },
  { "http://0.0.0.0/", TRUE, FALSE },
  { "http://10.1.2.3/", TRUE, FALSE },
  { "http://172.16.0.1/", TRUE, FALSE },
  { "http://192.168.1.1/", TRUE, FALSE },
  { "http://169.254.169.254/latest", TRUE, FALSE },
  { "http://100.64.0.1/", TRUE, FALSE },
  { "http://224.0.0.1/", TRUE, FALSE },
  { "http://255.255.255.255/", TRUE, FALSE },
  { "http://[::1]/", TRUE, FALSE },
  { "http://[fe80::1]/", TRUE, FALSE },
  { "http://[fd00::1]/", TRUE, FALSE },
  { "http://[::ffff:127.0.0.1]/", TRUE, FALSE },
  { "http://[64:ff9b::7f00:1]/", TRUE, FALSE },
  { "http://localhost/", TRUE, FALSE },
  { "http://LOCALHOST./", TRUE, FALSE },
  { "http://printer/", TRUE, FALSE },
  { "http://printer.local/", TRUE, FALSE },
  { "http://ca.internal./", TRUE, FALSE },
};

static void
test_addresses (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].url);
      g_assert_cmpint (ll_web_address_is_web (cases[i].url), ==, cases[i].web);
      g_assert_cmpint (ll_web_address_is_public (cases[i].url, TRUE, NULL), ==, cases[i].public);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/web-address/only the web outside may be asked (SC-25)", test_addresses);
  return g_test_run ();
}
