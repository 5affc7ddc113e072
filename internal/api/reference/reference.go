package reference

// Pages are the generated pages by their path below docs.
func Pages() map[string]string {
	return map[string]string{"errors.md": errors()}
}
