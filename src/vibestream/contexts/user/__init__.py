"""Who people are: accounts, passwords, sessions, roles, profiles, and the log of what happened to them.

Owns the schema `users`. What always holds:

- One address belongs to at most one account; an account can be entered only after its address was proved by a mailed
  code, shown by the same browser that asked for it.
- Nobody learns from an answer, or from the time it takes, whether an address has an account.
- Passwords are kept as argon2id hashes, session tokens as SHA-256; mailed codes are kept nowhere: they are
  derived.
- An account with a second factor is entered by that as well; each of its codes is good once, and wrong ones slow down.
- A passkey is bound to this site and to one account; what is signed with it is good once, for the browser that was
  asked, and one whose counter goes backwards enters nothing any more.
- An app that somebody else wrote does in a person's name what they let it do, where a route names the scope for it, and
  nowhere else. Its codes and refresh tokens are good once; shown again, everything that came of them is revoked.
- A handle, once taken, never leads to another artist, and no two handles look alike.
- An account at another issuer is known by issuer and subject, never by an address. It is connected without its owner's
  doing only where the issuer vouches for an address that was proved here too, and no second factor is passed by.
- The security log only grows.

Announces `ArtistProfileCreated` and `ArtistProfileChanged`. Capabilities call each other one way: identities -> accounts -> profiles
-> access -> sessions -> oauth -> ways_in, audit_log, and accounts -> passwords, factors, passkeys -> audit_log.
"""
