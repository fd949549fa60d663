package digest

import (
	"cmp"
	"iter"
	"math"
	"slices"
)

// weighed is a word's number and its weight; lists are sorted by number.
type weighed struct {
	word   int32
	weight float32
}

// unit sorts a vector and scales it to length one; it returns the length that it had.
func unit(v []weighed) ([]weighed, float32) {
	slices.SortFunc(v, func(a, b weighed) int { return cmp.Compare(a.word, b.word) })
	l := float32(norm(v))
	for i := range v {
		v[i].weight /= l
	}
	return v, l
}

// norm is a vector's length.
func norm(v []weighed) float64 {
	sum := 0.0
	for _, w := range v {
		sum += float64(w.weight) * float64(w.weight)
	}
	return math.Sqrt(sum)
}

// shared yields where in x and where in y the words stand that both have.
func shared(x, y []weighed) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for i, j := 0, 0; i < len(x) && j < len(y); {
			switch a, b := x[i].word, y[j].word; {
			case a < b:
				i++
			case a > b:
				j++
			default:
				if !yield(i, j) {
					return
				}
				i, j = i+1, j+1
			}
		}
	}
}

func sharesAny(x, y []weighed) bool {
	for range shared(x, y) {
		return true
	}
	return false
}

// cosine of two unit vectors.
func cosine(x, y []weighed) float64 {
	sum := float32(0)
	for i, j := range shared(x, y) {
		sum += x[i].weight * y[j].weight
	}
	return min(1, float64(sum))
}

// cosineSet is the cosine of two sorted sets.
func cosineSet(x, y []uint32) float64 {
	n := 0
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i] < y[j]:
			i++
		case x[i] > y[j]:
			j++
		default:
			n++
			i, j = i+1, j+1
		}
	}
	if n == 0 {
		return 0
	}
	return float64(n) / math.Sqrt(float64(len(x))*float64(len(y)))
}
