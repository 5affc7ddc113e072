package problem

import "github.com/duebook/duebook/internal/fault"

// Faults of the doors that speak JSON. Where generation 1 has one condition, these tell several apart.
var (
	ErrEndpoint     = fault.New(fault.NotFound, "endpoint_unknown", "There is no such endpoint.")
	ErrParameter    = fault.New(fault.Invalid, "parameter_missing", "A parameter of the request is missing or empty.")
	ErrEntity       = fault.New(fault.Invalid, "entity_unknown", "There is no such entity.")
	ErrListEntity   = fault.New(fault.Invalid, "list_entity_unknown", "There is no such entity to list.")
	ErrVerb         = fault.New(fault.Invalid, "verb_unknown", "There is no such operation on entities.")
	ErrNotOffered   = fault.New(fault.Invalid, "verb_not_offered", "The entity does not have this operation.")
	ErrMismatch     = fault.New(fault.Invalid, "entity_mismatch", "The entity named in the object is not the one of the address.")
	ErrMember       = fault.New(fault.Invalid, "member_unknown", "The entity has no such member.")
	ErrType         = fault.New(fault.Invalid, "value_type", "The value has the wrong type or form.")
	ErrChoice       = fault.New(fault.Invalid, "value_choice", "The value is none of those the field has.")
	ErrListValue    = fault.New(fault.Invalid, "list_value", "A parameter of the list has a value it cannot have.")
	ErrFilterField  = fault.New(fault.Invalid, "filter_field", "Lists cannot be filtered by this field.")
	ErrFilterOp     = fault.New(fault.Invalid, "filter_operator", "The operator is unknown or does not suit the field.")
	ErrSortField    = fault.New(fault.Invalid, "sort_field", "Lists cannot be sorted by this field.")
	ErrNothing      = fault.New(fault.NotFound, "nothing_found", "There is nothing to answer with.")
	ErrPay          = fault.New(fault.Forbidden, "pay_permission_missing", "The user may not make online payments.")
	ErrNotServed    = fault.New(fault.Invalid, "version_not_served", "This version of the API is not served.")
	ErrBulk         = fault.New(fault.Limit, "bulk_size", "The call has too many members.")
	ErrVendorState  = fault.New(fault.Invalid, "vendor_inactive", "The vendor is inactive.")
	ErrNameTaken    = fault.New(fault.Invalid, "name_taken", "Another active record has this name.")
	ErrNumberTaken  = fault.New(fault.Invalid, "number_taken", "Another active document of the same party has this number.")
	ErrNotSupported = fault.New(fault.Invalid, "currency_single", "Only one currency is kept here.")
)

// V2 is the catalogue of generation 2. The numbers below 9000 are public; the texts are ours but for the fragments of
// api-v2 6.1, which published clients look for.
var V2 = []Code{
	{Code: "BDC_1001", Message: "Something failed on the server.", When: "A failure that is not the caller's; a reference number is in the server's log.",
		Remedy: "Repeat the call; if it fails again, tell the operator the time of the call.", Faults: []string{"internal", "changed_meanwhile", "document_storage"}},
	{Code: "BDC_1002", Message: "Unknown member: {fields}.", When: "A single Create names a member that the entity does not have.",
		Remedy: "Correct the spelling; GetEntityMetadata lists the members.", Faults: []string{"member_unknown"}},
	{Code: "BDC_1003", Message: "Unknown API version.", When: "The version in the address is none there ever was.",
		Remedy: "Call /api/v2/.", Faults: []string{"version_invalid"}},
	{Code: "BDC_1005", Message: "This API version is not served here.", When: "The version in the address is known, but not served under /api/.",
		Remedy: "Call /api/v2/.", Faults: []string{"version_not_served"}},
	{Code: "BDC_1101", Message: "User name or password is wrong.", When: "The user is unknown or the password is wrong.",
		Remedy: "Send the right ones; five wrong passwords in a row lock the login.", Faults: []string{"no_user", "password_wrong"}},
	{Code: "BDC_1102", Message: "Developer key is invalid.", When: "The developer key is unknown, or not the one the session was opened with.",
		Remedy: "Use one key for Login and every later call.", Faults: []string{"key_unknown", "session_key"}},
	{Code: "BDC_1103", Message: "Developer key is not active.", When: "The operator has deactivated the key.",
		Remedy: "Read the reason in the operator's mail and ask for the key to be activated again.", Faults: []string{"key_deactivated"}},
	{Code: "BDC_1104", Message: "Developer terms are not accepted.", Never: "Keys are issued only after the terms are accepted."},
	{Code: "BDC_1105", Message: "Access by API is not enabled for this organization.", When: "The organisation's switch Allow API Access is off.",
		Remedy: "An administrator opens Settings > Overview > Profile > Edit, sets Allow API Access to Yes and saves.", Faults: []string{"api_access_off"}},
	{Code: "BDC_1106", Message: "Partner type does not match.", Never: "There are no partner types on a server of one's own."},
	{Code: "BDC_1107", Message: "Organization is locked or inactive, or its fees are overdue.", When: "The organisation is closed, or its fees are overdue.",
		Remedy: "The organisation's administrator settles this with the operator.", Faults: []string{"org_inactive"}},
	{Code: "BDC_1108", Message: "Missing value of parameter: {fields}.", When: "A form parameter, sessionId for one, is missing or empty.",
		Remedy: "Send the parameters named.", Faults: []string{"parameter_missing", "session_empty"}},
	{Code: "BDC_1109", Message: "Session is invalid. Sign in again.", When: "The session is unknown, expired, logged out or revoked.",
		Remedy: "Log in again and repeat the call.", Faults: []string{"session_invalid"}},
	{Code: "BDC_1110", Message: "Login is locked.", When: "Five wrong passwords in a row have locked the login.",
		Remedy: "Set a new password through Forgotten password; an operator can unlock too.", Faults: []string{"login_locked"}},
	{Code: "BDC_1111", Message: "User is not active in this organization.", When: "The user's membership of the organisation was ended.",
		Remedy: "An administrator of the organisation activates the user again.", Faults: []string{"membership_inactive"}},
	{Code: "BDC_1113", Message: "Login failed.", Never: "Every reason that a login can fail for has a code of its own."},
	{Code: "BDC_1114", Message: "Unknown entity in the address.", When: "The entity of a Crud or Bulk address is unknown or not served.",
		Remedy: "Check the spelling; names are case-sensitive.", Faults: []string{"entity_unknown"}},
	{Code: "BDC_1115", Message: "Unknown operation in the address.", When: "The operation of a Crud or Bulk address is none of Create, Read, Update, Delete, Undelete.",
		Remedy: "Check the spelling; names are case-sensitive.", Faults: []string{"verb_unknown"}},
	{Code: "BDC_1116", Message: "The operation is not offered for this entity.", When: "The entity does not have this operation: line items live inside their document, payments are made by PayBills.",
		Remedy: "See the entity's operations in the reference.", Faults: []string{"verb_not_offered"}},
	{Code: "BDC_1117", Message: "Missing required data: {fields}.", When: "Required members are absent, null or empty.",
		Remedy: "Send all the members named.", Faults: []string{"field_missing"}},
	{Code: "BDC_1118", Message: "The entity of the object is not the one of the address.", When: "The member entity of an object or of a line differs from what stands there.",
		Remedy: "Send the entity of the address, or leave the member out.", Faults: []string{"entity_mismatch"}},
	{Code: "BDC_1119", Message: "Invalid field,value: {field}, {value}.", When: "An id is malformed or names no usable record of the right entity in this organisation, or an enumeration does not have the value.",
		Remedy: "List the records again and send ids that exist and are active; send numbers of the field's table.", Faults: []string{"reference_invalid", "not_found", "bill_unknown", "invoice_unknown", "value_format", "value_choice"}},
	{Code: "BDC_1120", Message: "Nothing was found.", When: "The record has nothing of what was asked for: a check image before a check is issued.",
		Remedy: "Ask again once it is there.", Faults: []string{"nothing_found"}},
	{Code: "BDC_1121", Message: "Unknown endpoint or method.", When: "No endpoint has this address, or it does not take this method.",
		Remedy: "Check the spelling, case and the ending .json; use POST.", Faults: []string{"endpoint_unknown", "method_not_allowed"}},
	{Code: "BDC_1122", Message: "The data cannot be read as a JSON object.", When: "The parameter data is no JSON object, is too deep, or the request was cut off.",
		Remedy: "Send data as the text of one JSON object.", Faults: []string{"request_malformed", "request_cut_off", "request_too_slow"}},
	{Code: "BDC_1123", Message: "Organization id is invalid.", When: "The organisation is unknown, or the user was never a member of it.",
		Remedy: "ListOrgs shows the organisations of a user.", Faults: []string{"org_unknown"}},
	{Code: "BDC_1124", Message: "{field}: {reason}", When: "A value has the wrong JSON type, or is no date, number or boolean.",
		Remedy: "Send the type that GetEntityMetadata shows; dates are YYYY-MM-DD.", Faults: []string{"value_type"}},
	{Code: "BDC_1125", Message: "Sync log cannot be taken.", Never: "There is no upload of sync logs."},
	{Code: "BDC_1126", Message: "Sync log cannot be taken.", Never: "There is no upload of sync logs."},
	{Code: "BDC_1127", Message: "Sync log cannot be taken.", Never: "There is no upload of sync logs."},
	{Code: "BDC_1128", Message: "Unknown entity to list.", When: "The entity of a List address is unknown or cannot be listed.",
		Remedy: "Check the spelling; names are case-sensitive.", Faults: []string{"list_entity_unknown"}},
	{Code: "BDC_1129", Message: "Invalid value of list parameter: {fields}.", When: "start, max or the value of a filter is out of range or of the wrong type, or asks for changes of the future.",
		Remedy: "start is 0 or more, max 1 to 999; filter values have the type of their field.", Faults: []string{"list_value"}},
	{Code: "BDC_1130", Message: "Lists cannot be filtered by: {fields}.", When: "A filter names a field that is unknown or cannot be filtered by.",
		Remedy: "GetEntityMetadata shows filterable fields.", Faults: []string{"filter_field", "filter_invalid"}},
	{Code: "BDC_1131", Message: "Operator not allowed for: {fields}.", When: "A filter's operator is unknown or does not suit the type of its field.",
		Remedy: "Use = != in nin for ids, enumerations and booleans; these and < > <= >= for dates and numbers; = != in nin sw for texts.", Faults: []string{"filter_operator"}},
	{Code: "BDC_1143", Message: "{field}: {reason}", When: "A value is too long, out of range, contradicts another, or names an inactive vendor.",
		Remedy: "Send a value that the field's documentation allows.", Faults: []string{"value_too_large", "value_invalid", "vendor_inactive", "system_account", "currency_single", "bill_splits", "credit_splits", "too_many_lines", "pay_to_two"}},
	{Code: "BDC_1144", Message: "The limit of {value} is reached.", When: "More calls, or more logins, in one clock hour than the server takes from a developer key; more messages in a minute than from a user; more failed logins in a minute than from an address.",
		Remedy: "Go on in the next clock hour or minute; use Bulk and List to need fewer calls.", Faults: []string{"calls_per_hour", "mails_per_minute", "login_throttled"}},
	{Code: "BDC_1150", Message: "The user may not make online payments.", When: "A payment endpoint was called by a user whose role may not pay, or through a program that no administrator has confirmed for payments.",
		Remedy: "Log in as an administrator or payer, or let an administrator confirm the program.", Faults: []string{"pay_permission_missing", "payments_unconfirmed"}},
	{Code: "BDC_1151", Message: "No active, verified bank account to pay from.", When: "The organisation has no verified bank account, or the one named is not verified.",
		Remedy: "Add a bank account under Settings, and have it verified.", Faults: []string{"no_bank_account"}},
	{Code: "BDC_1152", Message: "Process date is invalid.", When: "The process date is no banking day, or earlier than the next one (after 18:00 Pacific: the one after); for a recorded payment it lies too far ahead.",
		Remedy: "Leave it out, or send a later banking day.", Faults: []string{"process_date_invalid", "process_date_too_early"}},
	{Code: "BDC_1159", Message: "The amount is more than what is due or left.", When: "The amount is more than is due on the bill or invoice, or left on the credit.",
		Remedy: "Read the record again and send at most what is due.", Faults: []string{"payment_amount", "credit_exceeded", "invoice_amount"}},
	{Code: "BDC_1171", Message: "Duplicate invoice number: a document with this number already exists.", When: "Another active bill of the vendor, or another invoice of the organisation, has this number.",
		Remedy: "Send another number; bills can be forced with allowDuplicateInvNum.", Faults: []string{"number_taken"}},
	{Code: "BDC_1178", Message: "Developer key is missing.", When: "The parameter devKey is missing or empty.",
		Remedy: "Send the developer key as it was issued.", Faults: []string{"key_missing"}},
	{Code: "BDC_1322", Message: "Too many calls at once.", When: "More calls in flight for this key and organisation than the server takes, or the server is busy or stopping.",
		Remedy: "Repeat the call unchanged in a moment.", Faults: []string{"too_many_calls", "store_busy"}},
	{Code: "BDC_1354", Message: "No second-factor device is on file.", When: "The user has no device for the second factor, or no second one.",
		Remedy: "The user sets one up under Settings.", Faults: []string{"mfa_no_device"}},
	{Code: "BDC_1356", Message: "The token is wrong or too old.", When: "The token of the second factor is wrong, or its challenge is used or too old.",
		Remedy: "Ask for a new challenge.", Faults: []string{"mfa_token"}},
	{Code: "BDC_1358", Message: "Too many wrong tokens.", When: "Five wrong tokens for one challenge.",
		Remedy: "Wait 15 minutes and ask for a new challenge.", Faults: []string{"mfa_tries"}},
	{Code: "BDC_1361", Message: "The session is not trusted.", When: "The operation is protected by the second factor and the session has not passed it.",
		Remedy: "Call MFAChallenge and MFAAuthenticate, or log in with a remembered mfaId and deviceId.", Faults: []string{"session_untrusted", "session_of_token"}},
	{Code: "BDC_1374", Message: "The remembered device has expired.", When: "The mfaId sent has expired.",
		Remedy: "Call MFAChallenge and MFAAuthenticate again.", Faults: []string{"mfa_expired"}},
	{Code: "BDC_1402", Message: "The vendor's bank account is new and can be paid to later.", When: "The process date is before the second business day after the vendor's bank account was added.",
		Remedy: "Send a later process date.", Faults: []string{"vendor_account_new"}},
	{Code: "BDC_9006", Message: "The user's role does not allow this.", When: "The user lacks the permission of the operation, or would approve what that user entered.",
		Remedy: "Log in as a user who has it, or have the role changed.", Faults: []string{"permission_missing", "manage_company_missing", "last_administrator", "user_own_data", "own_document"}},
	{Code: "BDC_9010", Message: "Maintained by the vendor: {fields}.", When: "A field that a connected vendor maintains itself would change.",
		Remedy: "Leave these fields as they are, or end the connection first.", Faults: []string{"vendor_listed"}},
	{Code: "BDC_9043", Message: "The document is not valid base 64.", When: "The document in data is not valid base 64, or decodes to nothing.",
		Remedy: "Encode the file's bytes with padding, or send them as the part file.", Faults: []string{"document_base64", "document_empty"}},
	{Code: "BDC_9044", Message: "The file's name or type cannot be used.", When: "The file name is refused or has no usual extension, or the content does not fit it.",
		Remedy: "Send a plain file name with the extension of what the file holds.", Faults: []string{"document_name"}},
	{Code: "BDC_9045", Message: "The amount is not allowed.", When: "The amount is not positive where it must be, or parts exceed the whole.",
		Remedy: "Send a positive amount; parts add up to at most the whole.", Faults: []string{"amount_not_allowed", "invoice_negative"}},
	{Code: "BDC_9052", Message: "The address is incomplete.", When: "A check or letter cannot be mailed: the address lacks line 1, city, state or ZIP (outside the US: line 1, city or country).",
		Remedy: "Complete the address.", Faults: []string{"vendor_address", "customer_address"}},
	{Code: "BDC_9053", Message: "Payments outside the US are off.", When: "The vendor is outside the US and international payments are off.",
		Remedy: "Have international payments switched on for the organisation.", Faults: []string{"international_off"}},
	{Code: "BDC_9054", Message: "The country is not supported for payments.", When: "The vendor's country is not in the supported list.",
		Remedy: "Pay this vendor another way and record the payment.", Faults: []string{"country_unsupported"}},
	{Code: "BDC_9055", Message: "At most 10000.00 can be paid to a vendor outside the US.", When: "A payment to a vendor outside the US is above 10,000.00.",
		Remedy: "Pay at most 10,000.00 at a time.", Faults: []string{"international_limit"}},
	{Code: "BDC_9056", Message: "The file or request is too large.", When: "The file is larger than 20,971,520 bytes, or the request larger than the server takes.",
		Remedy: "Send less at a time.", Faults: []string{"document_too_large", "request_too_large"}},
	{Code: "BDC_9101", Message: "The token is wrong.", Never: "Reserved; a wrong token is BDC_1356."},
	{Code: "BDC_9102", Message: "Already used: {fields}.", When: "Another active record has this name, reference number, login or external id.",
		Remedy: "Use the record that is there, or send another value.", Faults: []string{"name_taken", "credit_duplicate", "vendor_external_id", "email_taken"}},
	{Code: "BDC_9103", Message: "The vendor has scheduled payments.", When: "A vendor with payments that have not left yet would become inactive.",
		Remedy: "Cancel the payments first, or wait until they have left.", Faults: []string{"vendor_payments_waiting"}},
	{Code: "BDC_9104", Message: "The bank account conflicts with another or cannot be used.", When: "There is an active bank account already, or the account named is not verified.",
		Remedy: "Delete the account that is there first, or have it verified.", Faults: []string{"vendor_bank_account_exists", "customer_bank_account_exists", "bank_account_used", "customer_account_unusable", "vendor_ach_waiting"}},
	{Code: "BDC_9105", Message: "Money is attached: the record cannot be changed so, or deleted.", When: "Something is scheduled, paid, received or credited on the record.",
		Remedy: "Cancel or void what is attached first.", Faults: []string{"bill_money_attached", "customer_charge_waiting", "credit_in_use", "invoice_money_attached", "customer_open_invoices"}},
	{Code: "BDC_9106", Message: "The user cannot be an approver.", When: "The user named is not active or lacks the ability to approve.",
		Remedy: "Name a user whose role may approve.", Faults: []string{"approver_unable"}},
	{Code: "BDC_9107", Message: "The bill is not approved.", When: "The bill is denied, or still under approval.",
		Remedy: "Have it approved first.", Faults: []string{"bill_not_payable", "credit_not_usable"}},
	{Code: "BDC_9108", Message: "The state of the payment does not allow this.", When: "The payment has left and cannot be cancelled, or is void already.",
		Remedy: "Read the payment again; what has left can be voided.", Faults: []string{"payment_not_cancelable", "payment_not_voidable", "receipt_not_voidable"}},
	{Code: "BDC_9109", Message: "The customer has not authorised charges.", When: "ChargeCustomer without the customer's authorisation.",
		Remedy: "Get it, and record it with SetCustomerAuthorization.", Faults: []string{"charge_not_authorised"}},
	{Code: "BDC_9110", Message: "It is not this user's turn to approve.", When: "The user is no approver of the record, or an earlier one has not acted.",
		Remedy: "ListApprovers shows whose turn it is.", Faults: []string{"not_approvers_turn"}},
	{Code: "BDC_9111", Message: "An invitation is already open.", When: "The vendor or customer has an invitation that is neither answered nor expired.",
		Remedy: "Cancel it first, or wait for the answer.", Faults: []string{"invitation_open"}},
	{Code: "BDC_9112", Message: "Process date is too far ahead.", When: "The process date is more than 366 days ahead.",
		Remedy: "Send an earlier process date.", Faults: []string{"process_date_too_late"}},
	{Code: "BDC_9201", Message: "Too many members in one call.", When: "More than 100 members in a bulk call, or more than 200 bills in PayBills.",
		Remedy: "Send them in several calls.", Faults: []string{"bulk_size", "too_many"}},
	{Code: "BDC_9202", Message: "Lists cannot be sorted by: {fields}.", When: "A sort names a field that is unknown or cannot be sorted by.",
		Remedy: "GetEntityMetadata shows sortable fields.", Faults: []string{"sort_field"}},
}
