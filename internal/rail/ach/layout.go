package ach

import "bufio"

const (
	width       = 94             // characters of a record
	blocking    = 10             // records of a block
	hashModulus = 10_000_000_000 // the entry hash keeps ten digits
	creditsOnly = 220            // service classes
	debitsOnly  = 225
	mixed       = 200
)

// printer lays records out. Its methods are appendix A in code: columns count from 1, both ends included. The values
// were checked before and fit.
type printer struct {
	w     *bufio.Writer
	rec   [width + 1]byte
	lines int // put so far
}

// start begins a blank record of the given type.
func (p *printer) start(kind byte) {
	for i := range width {
		p.rec[i] = ' '
	}
	p.rec[0], p.rec[width] = kind, '\n'
}

// text puts s at column from, the rest of its field staying blank.
func (p *printer) text(from int, s string) {
	copy(p.rec[from-1:width], s)
}

// digits puts n right-aligned with leading zeros into the columns from..to.
func (p *printer) digits(from, to int, n uint64) {
	for i := to - 1; i >= from-1; i-- {
		p.rec[i] = byte('0' + n%10)
		n /= 10
	}
}

// put sends the record out.
func (p *printer) put() error {
	p.lines++
	_, err := p.w.Write(p.rec[:])
	return err
}

func (p *printer) fileHeader(f *File) error {
	p.start('1')
	p.text(2, "01")
	p.text(5, f.Destination)           // 4–13, after a blank
	p.text(24-len(f.Origin), f.Origin) // 14–23, nine digits after a blank
	p.digits(24, 25, uint64(f.Created.Year()%100))
	p.digits(26, 27, uint64(f.Created.Month()))
	p.digits(28, 29, uint64(f.Created.Day()))
	p.digits(30, 31, uint64(f.Created.Hour()))
	p.digits(32, 33, uint64(f.Created.Minute()))
	p.rec[34-1] = f.Modifier
	p.digits(35, 37, width)
	p.digits(38, 39, blocking)
	p.text(40, "1")
	p.text(41, f.DestinationName)
	p.text(64, f.OriginName)
	p.text(87, f.Reference)
	return p.put()
}

func (p *printer) batchHeader(b *Batch, class, number int) error {
	p.start('5')
	p.digits(2, 4, uint64(class))
	p.text(5, b.CompanyName)
	p.text(21, b.Discretionary)
	p.text(41, b.CompanyID)
	p.text(51, string(b.SEC))
	p.text(54, b.Description)
	p.text(64, b.DescriptiveDate)
	p.digits(70, 71, uint64(b.Effective.Year()%100))
	p.digits(72, 73, uint64(b.Effective.Month()))
	p.digits(74, 75, uint64(b.Effective.Day()))
	p.text(79, "1") // 76–78, the settlement day, belong to the operator
	p.text(80, b.ODFI)
	p.digits(88, 94, uint64(number))
	return p.put()
}

// entry writes e with its addenda and adds both to sum.
func (p *printer) entry(e *Entry, sec SEC, odfi string, sum *Totals) error {
	p.start('6')
	p.digits(2, 3, uint64(e.TransactionCode))
	p.text(4, e.Routing) // 4–11 the bank, 12 its check digit
	p.text(13, e.Account)
	p.digits(30, 39, uint64(e.Amount))
	p.text(40, e.ID)
	if sec == CTX {
		p.digits(55, 58, uint64(len(e.Addenda)))
		p.text(59, e.Name) // 75–76 stay blank
	} else {
		p.text(55, e.Name)
	}
	p.text(77, e.PaymentType)
	p.digits(79, 79, uint64(min(len(e.Addenda), 1)))
	p.text(80, odfi)
	p.digits(88, 94, e.Trace)
	sum.add(e)
	if err := p.put(); err != nil {
		return err
	}
	for i, text := range e.Addenda {
		p.start('7')
		p.text(2, "05")
		p.text(4, text)
		p.digits(84, 87, uint64(i+1))
		p.digits(88, 94, e.Trace)
		if err := p.put(); err != nil {
			return err
		}
	}
	return nil
}

func (p *printer) batchControl(b *Batch, class, number int, sum Totals) error {
	p.start('8')
	p.digits(2, 4, uint64(class))
	p.digits(5, 10, uint64(sum.Records))
	p.digits(11, 20, sum.Hash)
	p.digits(21, 32, uint64(sum.Debits))
	p.digits(33, 44, uint64(sum.Credits))
	p.text(45, b.CompanyID)
	p.text(80, b.ODFI)
	p.digits(88, 94, uint64(number))
	return p.put()
}

// fileControl ends the file: the control record, nines up to the block, and the flush.
func (p *printer) fileControl(file Totals) error {
	p.start('9')
	p.digits(2, 7, uint64(file.Batches))
	p.digits(8, 13, uint64(file.Blocks))
	p.digits(14, 21, uint64(file.Records))
	p.digits(22, 31, file.Hash)
	p.digits(32, 43, uint64(file.Debits))
	p.digits(44, 55, uint64(file.Credits))
	if err := p.put(); err != nil {
		return err
	}
	for i := range width {
		p.rec[i] = '9'
	}
	for p.lines%blocking != 0 {
		if err := p.put(); err != nil {
			return err
		}
	}
	return p.w.Flush()
}
