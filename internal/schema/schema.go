// Package schema holds the numbered migrations of the store, frozen once released.
//
// The text type ctext sorts by bytes on both databases: on PostgreSQL it is a domain with collation C, on SQLite
// any type name that contains TEXT is text. No column is NULL: empty text, zero and the empty id mean "none", so
// keyset paging and filters need no special cases. Money is BIGINT minor units, instants BIGINT UTC microseconds,
// civil dates text YYYY-MM-DD, booleans BIGINT 0 or 1.
package schema

import "embed"

// Files are the migrations: common/ for both databases, sqlite/ and postgres/ where they part.
//
//go:embed common sqlite postgres
var Files embed.FS
