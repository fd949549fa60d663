package text_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"tidings/digest/text"
)

// quantities tells numbers shortly: 6.6e+09 EUR, 35%, 1500 or 1.5, 7 month.
func quantities(s, lang string) string {
	var told []string
	for _, q := range text.Quantities(s, lang) {
		var values []string
		for _, v := range q.Values {
			values = append(values, strconv.FormatFloat(v, 'g', 10, 64))
		}
		one := strings.Join(values, " or ")
		switch q.Unit {
		case "":
		case "%":
			one += "%"
		default:
			one += " " + q.Unit
		}
		told = append(told, one)
	}
	return strings.Join(told, ", ")
}

func TestQuantities(t *testing.T) {
	for _, c := range []struct{ lang, text, want string }{
		{"en", "OpenAI raises $6.6bn at a $157 billion valuation", "6600000000 USD, 1.57e+11 USD"},
		{"en", "a $500m fund, €1.2bn in debt, £40 million and ¥3tn", "500000000 USD, 1200000000 EUR, 40000000 GBP, 3e+12 JPY"},
		{"en", "5,000 jobs, 3,300 people, 1,500.5 points and 12 % of staff", "5000, 3300, 1500.5, 12%"},
		{"en", "a billion dollars, one million users, a million", "1000000000 USD, 1000000, 1000000"},
		{"en", "forty authors, a third, 25 percent and 25 per cent", "40, 25%, 25%"},
		{"en", "500mn, 30K, 2.1m", "500000000, 30000, 2100000"},
		{"it", "un round da 6,6 miliardi di dollari; 5 mila posti, 1.500,50 euro", "6600000000 USD, 5000, 1500.5 EUR"},
		{"it", "un miliardo di euro e un aumento del 13%", "1000000000 EUR, 13%"},
		{"it", "8 mln di euro, 1,2 mld", "8000000 EUR, 1200000000"},
		{"de", "6,6 Mrd. Dollar, 1,5 Mio. Euro, 4000 Stellen und 4.000 Stellen", "6600000000 USD, 1500000 EUR, 4000, 4000"},
		{"de", "eine Milliarde Euro, zwölf Firmen, sieben Milliarden", "1000000000 EUR, 12, 7000000000"},
		{"de", "eine Billion Yen, 5 Prozent, 1.300,50 Euro", "1e+12 JPY, 5%, 1300.5 EUR"},
		{"fr", "1,2 milliard d'euros, 14 000 étudiants et 30 % des cas", "1200000000 EUR, 14000, 30%"},
		{"fr", "un milliard d’euros ; dix-sept pays, trente-deux", "1000000000 EUR, 17, 30, 2"},
		{"fr", "2,1 milliards de dollars, 500 M€", "2100000000 USD, 500000000 EUR"},
		{"es", "1.000 millones de euros, 5.400 millones, mil millones de dólares", "1000000000 EUR, 5400000000, 1000000000 USD"},
		{"es", "un billón de dólares y un 5% más", "1e+12 USD, 5%"},
		{"zh", "完成300亿美元融资，估值9000亿美元", "3e+10 USD, 9e+11 USD"},
		{"zh", "66亿元，30万辆，三家公司，5000万", "6600000000 CNY, 300000, 3, 50000000"},
		{"zh", "3月3日，1.5万亿美元，7.5%", "3 month, 3, 1.5e+12 USD, 7.5%"},
		{"ja", "300億ドル調達、3億1000万ユーロの制裁金", "3e+10 USD, 310000000 EUR"},
		{"ja", "1兆2000億円、1万5000人、3億2024年", "1.2e+12 JPY, 15000, 300000000, 2024"},
		{"ja", "1兆円、5000人、二つ、時間外で6%高", "1e+12 JPY, 5000, 2, 6%"},
		{"en", "GPT-4, H100, 5G, 3D and iOS 26.4", "26.4"},
		{"en", "In 2026, on the 3rd and the 21st", "2026, 3, 21"},
		{"en", "", ""},
		{"en", "1,2,3.4.5,6 and $ and % and .", "123456"},
	} {
		if got := quantities(c.text, c.lang); got != c.want {
			t.Errorf("%s: %q\n got %s\nwant %s", c.lang, c.text, got, c.want)
		}
	}
}

func TestDigitsLeavesTheRestAlone(t *testing.T) {
	for _, c := range []struct{ lang, text, want string }{
		{"en", "One of two-thirds: a million-dollar seven", "One of 2-thirds: 1 million-dollar 7"},
		{"fr", "dix-huit mois, vingt-et-un, peut-être", "18 mois, 20-et-un, peut-être"},
		{"es", "mil razones y mil millones", "mil razones y 1000 millones"},
		{"it", "un milione, un mese", "1 milione, un mese"},
		{"nl", "zeven", "zeven"},
	} {
		if got := text.Digits(c.text, c.lang); got != c.want {
			t.Errorf("%s: %q gives %q, not %q", c.lang, c.text, got, c.want)
		}
	}
}

// Whatever stands in a text, what is read as a number is one, and what was said is a text.
func FuzzQuantities(f *testing.F) {
	for _, s := range []string{"$6.6bn", "1.300,50 €", "3億1000万ユーロ", "1 000 000", "dix-sept", "un miliardo", "5--6", "\xff1,000\xc3", "９９ 100 000", "1.2.3,4 5,6.7", "9e999999"} {
		for _, lang := range []string{"en", "it", "zh", "fr"} {
			f.Add(s, lang)
		}
	}
	f.Fuzz(func(t *testing.T, s, lang string) {
		for _, q := range text.Quantities(s, lang) {
			if len(q.Values) == 0 || utf8.ValidString(s) && !utf8.ValidString(q.Said) {
				t.Errorf("%q: %+v", s, q)
			}
			for _, v := range q.Values {
				if v < 0 || math.IsInf(v, 0) {
					t.Errorf("%q: %v", s, v)
				}
			}
			_ = fmt.Sprint(q.Matches(q))
		}
	})
}
