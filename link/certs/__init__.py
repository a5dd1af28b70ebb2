"""Who a machine is: keys, requests, certificates, revocation. The only package that knows X.509."""
