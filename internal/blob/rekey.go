package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/duebook/duebook/internal/secret"
)

// Keys counts the sealed blobs by the key that their data key is sealed with.
func (s *Store) Keys(ctx context.Context) (map[string]int, error) {
	count := map[string]int{}
	err := s.files(ctx, func(p place) error {
		if !strings.HasSuffix(p.name, sealedSuffix) {
			return nil
		}
		sealed, err := s.header(p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted meanwhile
		}
		id := "damaged"
		if err == nil {
			if id, err = secret.KeyID(sealed); err != nil {
				id = "damaged"
			}
		}
		count[id]++
		return nil
	})
	return count, err
}

// ReKey seals the data keys that lie under an old key under today's. The contents stay as they are, and readable
// meanwhile. It gives the number of blobs.
func (s *Store) ReKey(ctx context.Context) (n int, err error) {
	if s.vault == nil {
		return 0, nil
	}
	err = s.files(ctx, func(p place) error {
		if !strings.HasSuffix(p.name, sealedSuffix) {
			return nil
		}
		before, err := s.header(p)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrDamaged) {
			return nil // deleted meanwhile; or Verify tells of it
		} else if err != nil {
			return err
		}
		after, err := s.vault.ReKey(before, keyPlace(p.sha())...)
		if err != nil || after == before {
			return err
		}
		n++
		return s.replaceHeader(ctx, p, after)
	})
	if err != nil {
		return n, fmt.Errorf("seal the blobs anew: %w", err)
	}
	return n, nil
}

// header reads the sealed data key of a file.
func (s *Store) header(p place) (string, error) {
	in, err := s.shelf.open(p.name, p.bytes)
	if err != nil {
		return "", err
	}
	defer in.Close()
	header := make([]byte, headerSize)
	if p.bytes < headerSize {
		return "", ErrDamaged
	}
	if err := readAt(in, header, 0); err != nil {
		return "", err
	}
	text, ok := strings.CutPrefix(string(header), magic)
	if !ok || !strings.HasSuffix(text, "\n") {
		return "", ErrDamaged
	}
	return strings.TrimSuffix(text, "\n"), nil
}

func (s *Store) replaceHeader(ctx context.Context, p place, sealed string) error {
	in, err := s.shelf.open(p.name, p.bytes)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := s.shelf.temp()
	if err != nil {
		return err
	}
	if _, err = f.WriteString(magic + sealed + "\n"); err == nil {
		_, err = io.Copy(f, ctxReader{ctx, io.NewSectionReader(in, headerSize, p.bytes-headerSize)})
	}
	if err == nil {
		err = s.shelf.keep(ctx, f, p.name, true)
	}
	if err != nil {
		_ = s.shelf.drop(f)
	}
	return err
}
