package db

import "sync"

// Wake tells this process's workers, once the transaction is durable, that there is work (OnWake).
func (tx *Tx) Wake() { tx.AfterCommit(tx.db.wakers.wake) }

// wakers are who wants to hear of new work in this process.
type wakers struct {
	sync.Mutex
	next int
	f    map[int]func()
}

func (w *wakers) wake() {
	w.Lock()
	defer w.Unlock()
	for _, f := range w.f {
		f()
	}
}

// OnWake calls f after each commit of a transaction of this process that called Wake, until stop is called. f does
// not block: the writer waits for it.
func (d *DB) OnWake(f func()) (stop func()) {
	w := &d.wakers
	w.Lock()
	defer w.Unlock()
	n := w.next
	w.next++
	if w.f == nil {
		w.f = map[int]func(){}
	}
	w.f[n] = f
	return func() {
		w.Lock()
		defer w.Unlock()
		delete(w.f, n)
	}
}
