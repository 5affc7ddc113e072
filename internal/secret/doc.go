// Package secret keeps what must not be known: passwords as argon2id strings, session ids and keys as hashes, bank and
// tax numbers under envelope encryption with a key outside the database, and all of them out of logs (LOG-6, KEY-4,
// SEC-1, SEC-2).
//
// It knows nothing of users, sessions or vendors. Its errors are plain; a room turns them into faults.
package secret
