package llm

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"tidings/digest"
)

// Memory keeps what a model answered, by a hash of what it was asked. What it has not is left out.
type Memory interface {
	Recall(ctx context.Context, keys []string) (map[string]string, error)
	Remember(ctx context.Context, answers map[string]string) error
}

// Bounds of embeddings: texts in one question, numbers in one vector.
const (
	batch        = 64
	mostNumbers  = 8192
	embeddedText = 1000 // characters of an article
)

// Vectors are the embeddings of articles. Client, Model, Memory and Log are required. It implements
// [digest.Vectors].
type Vectors struct {
	Client  *Client
	Model   string
	Memory  Memory
	Timeout time.Duration // for all articles of an edition together
	Log     *slog.Logger
}

// Vectors returns the articles' vectors, each of length one. When anything goes wrong it returns none and logs a
// line, so that stories are grouped as if there were no endpoint; what was had until then is remembered.
func (v *Vectors) Vectors(ctx context.Context, articles []digest.Article) map[string][]float32 {
	ctx, cancel := context.WithTimeout(ctx, v.Timeout)
	defer cancel()
	out, err := v.all(ctx, articles)
	if err != nil {
		v.Log.Warn("no embeddings; stories are grouped without them", "model", v.Model, "err", err)
		return nil
	}
	return out
}

func (v *Vectors) all(ctx context.Context, articles []digest.Article) (map[string][]float32, error) {
	texts, keys := map[string]string{}, make([]string, len(articles))
	for i, a := range articles {
		t := harmless(a.Title+"\n"+beginning(a), embeddedText)
		keys[i] = hashed("embedding", v.Model, t)
		texts[keys[i]] = t
	}
	known, err := v.Memory.Recall(ctx, distinct(keys))
	if err != nil {
		return nil, err
	}
	var lacking []string
	for _, k := range distinct(keys) {
		if _, ok := known[k]; !ok {
			lacking = append(lacking, k)
		}
	}
	for some := range slices.Chunk(lacking, batch) {
		fresh, err := v.embed(ctx, some, texts)
		if err != nil {
			return nil, err
		}
		if err := v.Memory.Remember(ctx, fresh); err != nil {
			return nil, err
		}
		for k, one := range fresh {
			known[k] = one
		}
	}
	out := make(map[string][]float32, len(articles))
	size := 0
	for i, a := range articles {
		one, err := unpack(known[keys[i]])
		if err != nil {
			return nil, err
		}
		if size == 0 {
			size = len(one)
		}
		if len(one) != size {
			return nil, errors.New("the vectors are of several lengths: was another model put behind the same name?")
		}
		out[a.ID] = one
	}
	return out, nil
}

// distinct returns the keys sorted, each once.
func distinct(keys []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(keys)))
}

// embedding asks for vectors.
type embedding struct {
	Model string   `json:"model"`
	Input []string `json:"input"`
}

// embedded is the answer to that.
type embedded struct {
	Data []struct {
		Index     int       `json:"index"`
		Embedding []float64 `json:"embedding"`
	} `json:"data"`
}

// embed asks for the vectors of one batch and returns them packed, by key.
func (v *Vectors) embed(ctx context.Context, keys []string, texts map[string]string) (map[string]string, error) {
	q := embedding{Model: v.Model}
	for _, k := range keys {
		q.Input = append(q.Input, texts[k])
	}
	var a embedded
	if err := v.Client.post(ctx, "embeddings", q, longestEmbeddings, &a); err != nil {
		return nil, err
	}
	out := make(map[string]string, len(keys))
	for _, one := range a.Data {
		if one.Index < 0 || one.Index >= len(keys) {
			return nil, errors.New("the answer has a vector for a text that was not sent")
		}
		packed, err := pack(one.Embedding)
		if err != nil {
			return nil, err
		}
		out[keys[one.Index]] = packed
	}
	if len(out) != len(keys) {
		return nil, fmt.Errorf("%d texts were sent, and vectors came for %d", len(keys), len(out))
	}
	return out, nil
}

// Check asks for one vector and tells how many numbers it has.
func (v *Vectors) Check(ctx context.Context) (int, error) {
	packed, err := v.embed(ctx, []string{"check"}, map[string]string{"check": "A sentence."})
	if err != nil {
		return 0, err
	}
	one, err := unpack(packed["check"])
	return len(one), err
}

// pack scales a vector to length one and writes it as text.
func pack(numbers []float64) (string, error) {
	sum := 0.0
	for _, n := range numbers {
		sum += n * n
	}
	if len(numbers) == 0 || len(numbers) > mostNumbers || sum == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return "", fmt.Errorf("a vector of %d numbers cannot be used", len(numbers))
	}
	raw := make([]byte, 0, 4*len(numbers))
	for _, n := range numbers {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(n/math.Sqrt(sum))))
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// unpack reads what pack wrote.
func unpack(packed string) ([]float32, error) {
	raw, err := base64.StdEncoding.DecodeString(packed)
	if err != nil || len(raw) == 0 || len(raw)%4 != 0 {
		return nil, errors.New("a remembered vector cannot be read")
	}
	out := make([]float32, len(raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out, nil
}
