"""Auth: OAuth 2.0 with PKCE, from the authorization request to the revocation. A small wrapper around requests-oauthlib."""
