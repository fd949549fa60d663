package main

import (
	"math"
	"slices"

	"tidings/digest"
)

// example is a pair to learn from.
type example struct {
	features digest.Features
	same     bool
	weight   float64
	folds    [2]int // of the two articles
}

// penalty holds weights near zero (ridge): so many pseudo-examples' worth of doubt.
const penalty = 0.5

// byHand are weights that cannot be learnt from these sets: two halves of one article are never a day apart, nor of
// one source, and no set has embeddings.
var byHand = map[digest.Feature]float64{digest.TextsDays: -0.4, digest.TextsSource: -2, digest.AcrossDays: -0.4, digest.Meaning: 15}

// fitAll learns the three ways of comparing, each from its own pairs.
func fitAll(all []example) digest.Likeness {
	var l digest.Likeness
	for f, w := range byHand {
		l[f] = w
	}
	ways := []digest.Feature{digest.Titles, digest.Texts, digest.Across, digest.Meaning}
	for i, base := range ways[:3] {
		var pairs []example
		for _, e := range all {
			if e.features[base] != 0 {
				pairs = append(pairs, e)
			}
		}
		var use []digest.Feature
		for f := base; f < ways[i+1]; f++ {
			if _, set := byHand[f]; !set {
				use = append(use, f)
			}
		}
		fitSigned(pairs, use, &l)
	}
	return l
}

// fitSigned fits weights and leaves out the features whose weight has the wrong sign, until there is none.
func fitSigned(pairs []example, use []digest.Feature, l *digest.Likeness) {
	for {
		fit(pairs, use, l)
		right := slices.DeleteFunc(slices.Clone(use), func(f digest.Feature) bool { return l[f]*float64(f.Sign()) < 0 })
		if len(right) == len(use) {
			return
		}
		for _, f := range use {
			l[f] = 0
		}
		use = right
	}
}

// fit finds the weights of a logistic regression by Newton's steps (iteratively reweighted least squares); the
// weights of other features stay.
func fit(pairs []example, use []digest.Feature, l *digest.Likeness) {
	for range 30 {
		gradient, hessian := slopes(pairs, use, l)
		step := solve(hessian, gradient)
		largest := 0.0
		for i, f := range use {
			l[f] += max(-3, min(3, step[i]))
			largest = max(largest, math.Abs(step[i]))
		}
		if largest < 1e-6 {
			return
		}
	}
}

// slopes are the first and second derivatives of the log-likelihood less the penalty.
func slopes(pairs []example, use []digest.Feature, l *digest.Likeness) (gradient []float64, hessian [][]float64) {
	gradient, hessian = make([]float64, len(use)), make([][]float64, len(use))
	for i, f := range use {
		hessian[i] = make([]float64, len(use))
		hessian[i][i] = 1e-9
		if i > 0 { // the first is where all begins
			gradient[i], hessian[i][i] = -penalty*l[f], penalty
		}
	}
	for _, e := range pairs {
		p := l.Probability(&e.features)
		off, steep := -p*e.weight, p*(1-p)*e.weight
		if e.same {
			off += e.weight
		}
		for i, f := range use {
			gradient[i] += off * e.features[f]
			for j, g := range use[:i+1] {
				hessian[i][j] += steep * e.features[f] * e.features[g]
			}
		}
	}
	for i := range use {
		for j := range i {
			hessian[j][i] = hessian[i][j]
		}
	}
	return gradient, hessian
}

// solve solves a system of linear equations in place, by Gauss and Jordan with pivots.
func solve(m [][]float64, v []float64) []float64 {
	for c := range v {
		pivot := c
		for r := c + 1; r < len(v); r++ {
			if math.Abs(m[r][c]) > math.Abs(m[pivot][c]) {
				pivot = r
			}
		}
		m[c], m[pivot], v[c], v[pivot] = m[pivot], m[c], v[pivot], v[c]
		for r := range v {
			if r == c {
				continue
			}
			times := m[r][c] / m[c][c]
			for k := c; k < len(v); k++ {
				m[r][k] -= times * m[c][k]
			}
			v[r] -= times * v[c]
		}
	}
	for i := range v {
		v[i] /= m[i][i]
	}
	return v
}
