package db

import "github.com/duebook/duebook/internal/ids"

// Permission is one right a role can hold. The room org declares them; db only carries the set.
type Permission uint8

// Permissions is the set of rights of a caller.
type Permissions uint64

// Of returns the set of the given rights.
func Of(ps ...Permission) Permissions {
	var s Permissions
	for _, p := range ps {
		s |= 1 << p
	}
	return s
}

// Has reports whether the set holds p.
func (s Permissions) Has(p Permission) bool { return s&(1<<p) != 0 }

// Caller is who acts, for which organisation, through which door. It is fixed for the life of a transaction, and
// every audit event names it.
type Caller struct {
	Org     ids.ID
	User    ids.ID // empty for jobs and commands
	Key     ids.ID // the application whose key opened the session; empty on the web
	Perms   Permissions
	Channel string // "xml1", "web", "job", "command"
	Address string // the client's network address, for the audit trail
}
