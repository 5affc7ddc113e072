package view

// Tone says how a state feels. Each tone has its own shape as well as its colour.
type Tone string

// The tones.
const (
	Quiet Tone = "quiet" // nothing to do, an empty ring
	Wait  Tone = "warn"  // waits for a person, a clock
	Go    Tone = "go"    // under way, an arrow
	Good  Tone = "good"  // done, a tick
	Bad   Tone = "bad"   // went wrong, a cross
)

// Badge is a state as the user reads it.
type Badge struct {
	Tone  Tone
	Label string
}

// ApprovalBadge names the approvalStatus of a bill (domain spec 4.3). A number without meaning shows as "Unknown".
func ApprovalBadge(status int) Badge {
	switch status {
	case 0:
		return Badge{Quiet, "No approver"}
	case 1:
		return Badge{Wait, "Waiting"}
	case 3:
		return Badge{Good, "Approved"}
	case 4:
		return Badge{Wait, "Partly approved"}
	case 5:
		return Badge{Bad, "Denied"}
	}
	return Badge{Quiet, "Unknown"}
}

// ApproverBadge names the status of an approver (api-v2 3.19).
func ApproverBadge(status int) Badge {
	switch status {
	case 0, 1:
		return Badge{Wait, "Asked now"}
	case 3:
		return Badge{Bad, "Denied"}
	case 4:
		return Badge{Good, "Approved"}
	case 5:
		return Badge{Quiet, "Asked later"}
	}
	return Badge{Quiet, "Unknown"}
}

// BillBadge names the paymentStatus of a bill (domain spec 4.3).
func BillBadge(status int) Badge {
	switch status {
	case 0:
		return Badge{Good, "Paid"}
	case 1:
		return Badge{Quiet, "Open"}
	case 2:
		return Badge{Quiet, "Partly paid"}
	case 4:
		return Badge{Go, "Scheduled"}
	case 5:
		return Badge{Wait, "Waiting for approval"}
	}
	return Badge{Quiet, "Unknown"}
}

// PaymentBadge names the internal state of a payment (domain spec 5.5).
func PaymentBadge(state string) Badge {
	switch state {
	case "awaiting_approval":
		return Badge{Wait, "Waiting for approval"}
	case "scheduled":
		return Badge{Go, "Scheduled"}
	case "on_hold":
		return Badge{Wait, "On hold"}
	case "releasing", "in_file":
		return Badge{Go, "Released"}
	case "sent":
		return Badge{Go, "Sent"}
	case "settled":
		return Badge{Go, "Settled"}
	case "cleared":
		return Badge{Good, "Cleared"}
	case "failed":
		return Badge{Bad, "Returned"}
	case "funding_failed":
		return Badge{Bad, "Funding failed"}
	case "void_requested":
		return Badge{Wait, "Void requested"}
	case "voided":
		return Badge{Bad, "Voided"}
	case "canceled":
		return Badge{Quiet, "Cancelled"}
	case "unclaimed":
		return Badge{Wait, "Unclaimed"}
	case "escheated":
		return Badge{Quiet, "Paid to the state"}
	}
	return Badge{Quiet, "Unknown"}
}

func (b Badge) icon() string {
	switch b.Tone {
	case Wait:
		return "clock"
	case Go:
		return "arrow"
	case Good:
		return "tick"
	case Bad:
		return "cross"
	}
	return "ring"
}

// StepState says where a step of a timeline stands.
type StepState string

// The states of a step.
const (
	Done   StepState = "done"
	Now    StepState = "now"
	Failed StepState = "failed"
	Todo   StepState = "todo"
)

// Step is one step of a payment's way: scheduled, released, sent, settled, cleared, returned.
type Step struct {
	Name  string // "Sent to the bank"
	State StepState
	When  string // an Instant or a Date; for a step to come what is expected: "expected 30 Nov 2026"
	Note  string // file name, cheque number, trace number, reason of a return
	Link  Link   // what stands behind the step, or the zero Link
}

func (s StepState) icon() string {
	switch s {
	case Done:
		return "step-done"
	case Now:
		return "step-now"
	case Failed:
		return "step-failed"
	}
	return "step-todo"
}

// word is the state of a step for who cannot see its shape.
func (s StepState) word() string {
	switch s {
	case Done:
		return "done"
	case Now:
		return "now"
	case Failed:
		return "failed"
	}
	return "to come"
}
