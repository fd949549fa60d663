package main

import "fmt"

// tally is how well articles were grouped: B³ (Bagga and Baldwin 1998) and pairs.
type tally struct {
	articles          float64
	precision, recall float64 // sums over articles
	right, made, true float64 // pairs, each counted from both of its articles
}

func (t *tally) add(o tally) {
	t.articles += o.articles
	t.precision += o.precision
	t.recall += o.recall
	t.right += o.right
	t.made += o.made
	t.true += o.true
}

func (t tally) String() string {
	p, r := t.precision/t.articles, t.recall/t.articles
	pp, pr := t.right/max(t.made, 1), t.right/max(t.true, 1)
	return fmt.Sprintf("B3 P %.3f R %.3f F1 %.3f, pairs P %.3f R %.3f F1 %.3f", p, r, mean(p, r), pp, pr, mean(pp, pr))
}

// mean is the harmonic one.
func mean(a, b float64) float64 { return 2 * a * b / max(a+b, 1e-9) }
