"""Single sign-on: people sign in by a provider of OpenID Connect, or by the password of an LDAP directory."""
