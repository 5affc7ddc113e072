// Package bankhost exchanges whole files with a bank over SFTP.
//
// A file goes there in two steps, so that whoever was cut short can tell what the bank has: Stage writes it under a
// temporary name, Place gives it its own. Look tells which of the two stand (domain XO-2).
package bankhost

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// Settings is how a bank's host is reached.
type Settings struct {
	Address string // host:port
	User    string
	HostKey string // the only key the host may have, as in a known_hosts file without the name: "ssh-ed25519 AAAA..."
	Key     []byte // our private key, as NewKey makes it
	Outbox  string // the folder on the host for files to the bank
	Inbox   string // the one for files from it
}

// Limits of a visit.
const (
	patience = 10 * time.Second // without a word from the host
	visit    = 5 * time.Minute  // for everything that is done there
	maxFiles = 10_000           // in a folder
)

// NewKey makes a key pair: the private key to keep, and the line that the bank is given.
func NewKey() (private []byte, public string, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", err
	}
	block, err := ssh.MarshalPrivateKey(priv, "duebook")
	if err != nil {
		return nil, "", err
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		return nil, "", err
	}
	return pem.EncodeToMemory(block), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), nil
}

// Check tells what is wrong with the settings, without calling anybody.
func (s Settings) Check() error {
	if _, port, err := net.SplitHostPort(s.Address); err != nil || port == "" {
		return fmt.Errorf("the address %q is not host:port", s.Address)
	}
	if s.User == "" {
		return errors.New("the user name is missing")
	}
	if _, err := s.hostKey(); err != nil {
		return err
	}
	if s.Outbox == "" || s.Inbox == "" || path.Clean(s.Outbox) == path.Clean(s.Inbox) {
		return errors.New("the folders for files to the bank and from it are missing, or the same")
	}
	return nil
}

func (s Settings) hostKey() (ssh.PublicKey, error) {
	k, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(s.HostKey))
	if err != nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New(`the key of the host is not one line such as "ssh-ed25519 AAAA..."`)
	}
	return k, nil
}

// Host is a visit to the bank's host, at most five minutes long.
type Host struct {
	s    Settings
	conn *ssh.Client
	sftp *sftp.Client
	stop func() bool
}

// Dial visits the host. It fails when the host is not there, has another key than the one it may have, or does not let
// us in.
func Dial(ctx context.Context, s Settings) (*Host, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	pinned, err := s.hostKey()
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(s.Key)
	if err != nil {
		return nil, errors.New("our private key cannot be read") // the cause may quote it
	}
	calling, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(calling, "tcp", s.Address)
	if err != nil {
		return nil, fmt.Errorf("reach the bank's host: %w", err)
	}
	conn, channels, requests, err := ssh.NewClientConn(&impatient{raw, time.Now().Add(visit)}, s.Address, &ssh.ClientConfig{User: s.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: ssh.FixedHostKey(pinned), HostKeyAlgorithms: algorithms(pinned.Type())})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("enter the bank's host: %w", err), raw.Close())
	}
	client := ssh.NewClient(conn, channels, requests)
	files, err := sftp.NewClient(client)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("speak SFTP with the bank's host: %w", err), client.Close())
	}
	return &Host{s, client, files, context.AfterFunc(ctx, func() { _ = client.Close() })}, nil
}

// impatient is a connection that fails when the other side is silent for too long, or the visit is over.
type impatient struct {
	net.Conn
	end time.Time
}

func (c *impatient) Read(b []byte) (int, error) {
	if err := c.wait(); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *impatient) Write(b []byte) (int, error) {
	if err := c.wait(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *impatient) wait() error {
	next := time.Now().Add(patience)
	if c.end.Before(next) {
		next = c.end
	}
	return c.SetDeadline(next)
}

// algorithms are the ways in which a host may prove that it has a key of that type.
func algorithms(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

// Close ends the visit.
func (h *Host) Close() error {
	h.stop()
	err := errors.Join(h.sftp.Close(), h.conn.Close())
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// State is what stands under a name in the outbox: the size of the file, and of what is staged for it; -1 for nothing.
type State struct{ Placed, Staged int64 }

// Look tells what stands under a name in the outbox.
func (h *Host) Look(name string) (s State, err error) {
	if s.Placed, err = h.size(h.final(name)); err != nil {
		return s, err
	}
	s.Staged, err = h.size(h.temporary(name))
	return s, err
}

func (h *Host) size(file string) (int64, error) {
	info, err := h.sftp.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for %s on the bank's host: %w", file, err)
	}
	return info.Size(), nil
}

func (h *Host) final(name string) string     { return path.Join(h.s.Outbox, name) }
func (h *Host) temporary(name string) string { return path.Join(h.s.Outbox, "."+name+".part") }

// Stage writes content under the temporary name of a file, in the place of what stands there.
func (h *Host) Stage(name string, content []byte) error {
	f, err := h.sftp.Create(h.temporary(name))
	if err != nil {
		return fmt.Errorf("open %s on the bank's host: %w", name, err)
	}
	_, err = f.ReadFrom(bytes.NewReader(content))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("send %s to the bank's host: %w", name, err)
	}
	n, err := h.size(h.temporary(name))
	if err == nil && n != int64(len(content)) {
		err = fmt.Errorf("of %s the bank's host has %d bytes instead of %d", name, n, len(content))
	}
	return err
}

// Place gives a staged file its name. It replaces nothing.
func (h *Host) Place(name string) error {
	if err := h.sftp.Rename(h.temporary(name), h.final(name)); err != nil {
		return fmt.Errorf("name %s on the bank's host: %w", name, err)
	}
	return nil
}

// File is a file in the inbox.
type File struct {
	Name     string
	Size     int64
	Modified time.Time
}

// List gives the files in the inbox by name, without those whose names begin with a dot or are none for us. It fails for too
// many.
func (h *Host) List() ([]File, error) {
	all, err := h.sftp.ReadDir(h.s.Inbox)
	if err != nil {
		return nil, fmt.Errorf("list the bank's files: %w", err)
	}
	if len(all) > maxFiles {
		return nil, fmt.Errorf("the bank's folder holds %d files, more than %d", len(all), maxFiles)
	}
	var out []File
	for _, f := range all {
		if f.Mode().IsRegular() && usable(f.Name()) {
			out = append(out, File{f.Name(), f.Size(), f.ModTime()})
		}
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// usable reports whether a name can stand in a folder of ours and in the store.
func usable(name string) bool {
	return !strings.HasPrefix(name, ".") && path.Base(name) == name && len(name) <= 200 && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, unicode.IsControl) && !strings.Contains(name, `\\`)
}

// Read gives the content of a file in the inbox, which must be as List told: one that the bank is still writing fails.
func (h *Host) Read(f File) ([]byte, error) {
	name := path.Join(h.s.Inbox, f.Name)
	r, err := h.sftp.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s on the bank's host: %w", f.Name, err)
	}
	content, err := io.ReadAll(io.LimitReader(r, f.Size+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("fetch %s from the bank's host: %w", f.Name, err)
	}
	info, err := h.sftp.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("look at %s again: %w", f.Name, err)
	}
	if int64(len(content)) != f.Size || info.Size() != f.Size || !info.ModTime().Equal(f.Modified) {
		return nil, fmt.Errorf("the bank is still writing %s", f.Name)
	}
	return content, nil
}
