// Package view is the look of the web application: templ components and the small structs they take.
//
// A view knows no service, no database and no clock. A handler fills a struct with plain values (strings, counts,
// civil dates, money as minor units with its currency) and renders the component into a buffer. Every page works
// with scripts off and under the policy "default-src 'self'": there is no inline script or style anywhere.
//
// Where to look: page.go for what every page carries, urls.go for all addresses, format.go for how money and dates
// read, state.go for the words and shapes of states, form.go for fields and their errors; then one .go and one
// .templ file per page. To see every view with ordinary and awkward data:
//
//	go test ./internal/web/view -run Gallery -timeout 0 -gallery=127.0.0.1:8099
//
// Text about people and companies is written inside <bdi>, so that a name in a right-to-left script does not reorder
// what stands beside it.
package view
