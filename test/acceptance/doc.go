// Package acceptance runs the acceptance scenarios and hard cases of docs/spec/domain.md, section 15.
package acceptance
