package xmlv1

import "github.com/duebook/duebook/internal/api/shape"

// receiptShapes are received payments.
func receiptShapes() []*shape.Shape { return nil }
