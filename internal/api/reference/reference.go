package reference

// Pages are the generated pages by their path below docs.
func Pages() map[string]string {
	return map[string]string{"errors.md": errors(), "reference/generation-1.md": v1(), "reference/generation-2.md": v2()}
}
