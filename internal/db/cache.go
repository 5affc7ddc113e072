package db

import (
	"sync"

	"github.com/duebook/duebook/internal/ids"
)

// Cached gives what load reads about the caller's organisation, kept by this node until the store's version moves. It
// is for what is read often and written seldom, and every writer of it calls Invalidate. What it gives is shared: it
// must not be changed.
func Cached[T any](tx *Tx, key string, load func(*Tx) (T, error)) (T, error) {
	if tx.stateChanged { // this transaction may have changed it, and the version does not tell yet
		return load(tx)
	}
	k := cacheKey{tx.who.Org, key}
	if v, ok := tx.db.cache.get(k, tx.version).(T); ok {
		return v, nil
	}
	v, err := load(tx)
	if err != nil {
		return v, err
	}
	if tx.readonly {
		tx.db.cache.put(k, tx.version, v)
	} else {
		tx.AfterCommit(func() { tx.db.cache.put(k, tx.version, v) }) // a group that fails must not be believed
	}
	return v, nil
}

type cacheKey struct {
	org ids.ID
	key string
}

// cache holds values of one version of the store; a newer version empties it.
type cache struct {
	mu      sync.RWMutex
	version int64
	values  map[cacheKey]any
}

// maxCached bounds the cache; beyond it everything is read again.
const maxCached = 20_000

func (c *cache) get(k cacheKey, version int64) any {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.version != version {
		return nil
	}
	return c.values[k]
}

func (c *cache) put(k cacheKey, version int64, v any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version < c.version {
		return
	}
	if version > c.version || c.values == nil || len(c.values) >= maxCached {
		c.version, c.values = version, map[cacheKey]any{}
	}
	c.values[k] = v
}
