package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/duebook/duebook/internal/clock"
	"github.com/duebook/duebook/internal/secret"
)

// bucket is a shelf in a bucket of an S3-compatible server. An object appears whole or not at all, and only where none
// is yet (If-None-Match), so that two writers of one content cannot replace it under a reader. What is put is spooled
// in a file that has no name any more, so nothing of a writer that died stays on this machine.
type bucket struct {
	core   minio.Core
	bucket string
	prefix string // of every object: "" or ends with /
	spool  string
	way    *http.Transport
}

const (
	// partSize is the most that travels in one request; what is larger is put in parts, joined by the last request.
	partSize = 8 << 20

	partTime  = 2 * time.Minute // for a part
	shortTime = 30 * time.Second
	stall     = 30 * time.Second // without a byte, while reading
)

// openBucket reads address, s3://BUCKET[/PREFIX][?endpoint=URL][&region=NAME]. Without an endpoint it is Amazon's. The
// keys come from getenv: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
func openBucket(address, spool string, getenv func(string) string) (*bucket, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil {
		return nil, errors.New("the bucket is named as s3://BUCKET[/PREFIX][?endpoint=URL][&region=NAME], without keys")
	}
	host, secure, region := "s3.amazonaws.com", true, ""
	for key, values := range u.Query() {
		switch key {
		case "endpoint":
			e, err := url.Parse(values[0])
			if err != nil || e.Scheme != "http" && e.Scheme != "https" || e.Host == "" || strings.Trim(e.Path, "/") != "" {
				return nil, fmt.Errorf("endpoint %q: want http://HOST[:PORT] or https://HOST[:PORT]", values[0])
			}
			host, secure = e.Host, e.Scheme == "https"
		case "region":
			region = values[0]
		default:
			return nil, fmt.Errorf("the bucket's address has no setting %q", key)
		}
	}
	key, secretKey := getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY")
	if key == "" || secretKey == "" {
		return nil, errors.New("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY name the keys of the bucket; they are not set")
	}
	way := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: shortTime,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   16,
	}
	core, err := minio.NewCore(host, &minio.Options{
		Creds:      credentials.NewStaticV4(key, secretKey, getenv("AWS_SESSION_TOKEN")),
		Secure:     secure,
		Region:     region,
		Transport:  way,
		MaxRetries: 3,
	})
	if err != nil {
		return nil, err
	}
	prefix := strings.Trim(u.Path, "/")
	if prefix != "" {
		prefix += "/"
	}
	return &bucket{*core, u.Host, prefix, spool, way}, nil
}

func (b *bucket) temp() (*os.File, error) {
	f, err := os.CreateTemp(b.spool, "blob-*")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

func (b *bucket) drop(f *os.File) error { return f.Close() }

func (b *bucket) keep(ctx context.Context, f *os.File, name string, replace bool) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	var opts minio.PutObjectOptions
	opts.DisableMultipart = true
	if !replace {
		opts.SetMatchETagExcept("*")
	}
	for try := range 5 {
		if size <= partSize {
			err = b.putPart(ctx, func(ctx context.Context) error {
				_, err := b.core.Client.PutObject(ctx, b.bucket, b.prefix+name, io.NewSectionReader(f, 0, size), size, opts)
				return err
			})
		} else {
			err = b.putParts(ctx, f, size, name, opts)
		}
		if code := minio.ToErrorResponse(err).StatusCode; code != http.StatusPreconditionFailed && code != http.StatusConflict {
			break
		}
		if n, e := b.size(name); e == nil && n == size { // another writer was first, with the same content
			err = nil
			break
		}
		time.Sleep(time.Duration(try) * 100 * time.Millisecond) // it is about to be there, or its writer gave up
	}
	return errors.Join(b.explain(err), f.Close())
}

func (b *bucket) putPart(ctx context.Context, put func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, partTime)
	defer cancel()
	return put(ctx)
}

// putParts puts a large file in parts. The condition of opts stands in the last request, the one that counts: the
// library's own upload in parts leaves it out there.
func (b *bucket) putParts(ctx context.Context, f *os.File, size int64, name string, opts minio.PutObjectOptions) error {
	id, err := b.core.NewMultipartUpload(ctx, b.bucket, b.prefix+name, minio.PutObjectOptions{})
	if err != nil {
		return err
	}
	var parts []minio.CompletePart
	for at := int64(0); at < size && err == nil; at += partSize {
		n := min(partSize, size-at)
		err = b.putPart(ctx, func(ctx context.Context) error {
			p, err := b.core.PutObjectPart(ctx, b.bucket, b.prefix+name, id, len(parts)+1, io.NewSectionReader(f, at, n), n,
				minio.PutObjectPartOptions{})
			parts = append(parts, minio.CompletePart{PartNumber: p.PartNumber, ETag: p.ETag})
			return err
		})
	}
	if err == nil {
		err = b.putPart(ctx, func(ctx context.Context) error {
			_, err := b.core.CompleteMultipartUpload(ctx, b.bucket, b.prefix+name, id, parts, opts)
			return err
		})
	}
	if err != nil { // the parts cost room until they are given up; sweep does it where this cannot
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shortTime)
		defer cancel()
		_ = b.core.AbortMultipartUpload(ctx, b.bucket, b.prefix+name, id)
	}
	return err
}

func (b *bucket) size(name string) (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), shortTime)
	defer cancel()
	info, err := b.core.Client.StatObject(ctx, b.bucket, b.prefix+name, minio.StatObjectOptions{})
	return info.Size, b.explain(err)
}

func (b *bucket) open(name string, size int64) (source, error) {
	return &object{in: b, name: name, size: size}, nil
}

func (b *bucket) walk(ctx context.Context, fn func(name string, size int64) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for o := range b.core.Client.ListObjectsIter(ctx, b.bucket, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true}) {
		if o.Err != nil {
			return b.explain(o.Err)
		}
		if err := fn(strings.TrimPrefix(o.Key, b.prefix), o.Size); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// remove fails with fs.ErrNotExist; the server itself is content with a name that is not there.
func (b *bucket) remove(name string) error {
	if _, err := b.size(name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), shortTime)
	defer cancel()
	return b.explain(b.core.Client.RemoveObject(ctx, b.bucket, b.prefix+name, minio.RemoveObjectOptions{}))
}

// sweep gives up the uploads in parts that nobody went on with for a day.
func (b *bucket) sweep(ctx context.Context) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	before, n := clock.System{}.Now().Add(-tempLife), 0
	for u := range b.core.Client.ListIncompleteUploads(ctx, b.bucket, b.prefix, true) {
		if u.Err != nil {
			return n, b.explain(u.Err)
		}
		if u.Initiated.After(before) {
			continue
		}
		if err := b.core.AbortMultipartUpload(ctx, b.bucket, u.Key, u.UploadID); err != nil {
			return n, b.explain(err)
		}
		n++
	}
	return n, nil
}

// check writes, reads and removes an object, and sees that the server keeps to If-None-Match.
func (b *bucket) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shortTime)
	defer cancel()
	name := b.prefix + tempDir + "/check-" + secret.NewToken(secret.Alphanumeric, 20)
	put := func() error {
		opts := minio.PutObjectOptions{DisableMultipart: true}
		opts.SetMatchETagExcept("*")
		_, err := b.core.Client.PutObject(ctx, b.bucket, name, strings.NewReader("x"), 1, opts)
		return err
	}
	if err := put(); err != nil {
		return fmt.Errorf("write: %w", b.explain(err))
	}
	var err error
	if again := put(); minio.ToErrorResponse(again).StatusCode != http.StatusPreconditionFailed {
		err = errors.New("the server does not keep to If-None-Match on a put")
	}
	if _, e := b.core.Client.StatObject(ctx, b.bucket, name, minio.StatObjectOptions{}); e != nil {
		err = errors.Join(err, fmt.Errorf("read: %w", b.explain(e)))
	}
	if e := b.core.Client.RemoveObject(ctx, b.bucket, name, minio.RemoveObjectOptions{}); e != nil {
		err = errors.Join(err, fmt.Errorf("remove: %w", b.explain(e)))
	}
	return err
}

func (b *bucket) close() error {
	b.way.CloseIdleConnections()
	return nil
}

func (b *bucket) settle(string) error { return nil }

// explain says where the server refused, with its code; what is not there is fs.ErrNotExist.
func (b *bucket) explain(err error) error {
	r := minio.ToErrorResponse(err)
	switch {
	case err == nil:
		return nil
	case r.Code == minio.NoSuchKey:
		return fs.ErrNotExist
	case r.StatusCode != 0:
		return fmt.Errorf("bucket %s at %s: %s (%s): %w", b.bucket, b.core.EndpointURL().Host, r.Code, http.StatusText(r.StatusCode), err)
	}
	return fmt.Errorf("bucket %s at %s: %w", b.bucket, b.core.EndpointURL().Host, err)
}

// object reads an object. Reading on where the last read ended goes on in the answer that is open; reading elsewhere
// asks anew.
type object struct {
	in   *bucket
	name string
	size int64

	body io.ReadCloser
	etag string
	pos  int64
	stop context.CancelCauseFunc
}

// errStalled is an answer that does not go on.
var errStalled = errors.New("the server has stopped answering")

// ReadAt is for one reader at a time.
func (o *object) ReadAt(p []byte, at int64) (int, error) {
	if at >= o.size {
		return 0, io.EOF
	}
	if o.body == nil || at != o.pos {
		if err := o.ask(at); err != nil {
			return 0, err
		}
	}
	n := 0
	for n < len(p) {
		waiting := time.AfterFunc(stall, func() { o.stop(errStalled) })
		m, err := o.body.Read(p[n:])
		waiting.Stop()
		n, o.pos = n+m, o.pos+int64(m)
		if err == nil {
			continue
		}
		_ = o.Close()
		switch {
		case n == len(p):
			return n, nil
		case errors.Is(err, io.EOF) && o.pos < o.size:
			return n, io.ErrUnexpectedEOF
		case errors.Is(err, io.EOF):
			return n, io.EOF
		}
		return n, o.in.explain(err)
	}
	return n, nil
}

func (o *object) ask(at int64) error {
	_ = o.Close()
	ctx, stop := context.WithCancelCause(context.Background())
	waiting := time.AfterFunc(shortTime, func() { stop(errStalled) })
	defer waiting.Stop()
	var opts minio.GetObjectOptions
	err := opts.SetRange(at, o.size-1)
	if err == nil && o.etag != "" {
		err = opts.SetMatchETag(o.etag)
	}
	if err != nil {
		stop(nil)
		return err
	}
	body, info, _, err := o.in.core.GetObject(ctx, o.in.bucket, o.in.prefix+o.name, opts)
	if err != nil {
		stop(nil)
		return o.in.explain(err)
	}
	o.body, o.etag, o.pos, o.stop = body, info.ETag, at, stop
	return nil
}

func (o *object) Close() error {
	if o.body == nil {
		return nil
	}
	err := o.body.Close()
	o.stop(nil)
	o.body = nil
	return err
}
