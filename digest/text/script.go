package text

// script is a kind of letter.
type script int

const (
	noLetter script = iota
	mark            // combines with the letter before it
	latin
	cyrillic
	greek
	arabic
	hebrew
	hangul
	kana
	han
	devanagari
	bengali
	tamil
	telugu
	gujarati
	gurmukhi
	thai
	georgian
	armenian
	manyScripts
)

// languages are those that write in a script: the usual one first, then those that we believe if they are declared.
// Of Latin and Cyrillic the n-grams know more.
func (s script) languages() string {
	return [manyScripts]string{
		greek: "el", arabic: "ar fa ur ps ckb ug sd", hebrew: "he yi", hangul: "ko", kana: "ja", han: "zh yue ja",
		devanagari: "hi mr ne sa", bengali: "bn as", tamil: "ta", telugu: "te", gujarati: "gu", gurmukhi: "pa", thai: "th",
		georgian: "ka", armenian: "hy",
	}[s]
}

// weight says how many Latin letters a letter is worth, as one character of these scripts is a syllable or a word.
func (s script) weight() int {
	switch s {
	case han, kana, hangul:
		return 8
	}
	return 1
}

// scriptOf knows a letter's script by the blocks of Unicode. What is written in another script has no language here.
func scriptOf(r rune) script {
	switch {
	case r < 0xC0:
		if 'a' <= r|0x20 && r|0x20 <= 'z' || r == 'ª' || r == 'º' {
			return latin
		}
		return noLetter
	case r < 0x300:
		if r == '×' || r == '÷' || r >= 0x2B0 {
			return noLetter
		}
		return latin
	case r < 0x370:
		return mark
	case r < 0x400:
		return greek
	case r < 0x530:
		return cyrillic
	}
	return farScriptOf(r)
}

func farScriptOf(r rune) script {
	for _, b := range [...]struct {
		first, last rune
		script      script
	}{
		{0x3041, 0x3096, kana}, {0x30A1, 0x30FA, kana}, {0x4E00, 0x9FFF, han}, {0x3400, 0x4DBF, han}, {0xAC00, 0xD7A3, hangul},
		{0x1E00, 0x1EFF, latin}, {0x600, 0x60B, noLetter}, {0x620, 0x64A, arabic}, {0x66E, 0x6D3, arabic}, {0x6FA, 0x77F, arabic},
		{0xFB50, 0xFDFF, arabic}, {0xFE70, 0xFEFC, arabic}, {0x5D0, 0x5F2, hebrew}, {0x531, 0x587, armenian}, {0x904, 0x97F, devanagari},
		{0x980, 0x9FF, bengali}, {0xA00, 0xA7F, gurmukhi}, {0xA80, 0xAFF, gujarati}, {0xB80, 0xBFF, tamil}, {0xC00, 0xC7F, telugu},
		{0xE01, 0xE4E, thai}, {0x10A0, 0x10FF, georgian}, {0x1100, 0x11FF, hangul}, {0x1F00, 0x1FFF, greek},
		{0x20000, 0x3FFFF, han}, {0x3005, 0x3007, han},
	} {
		if b.first <= r && r <= b.last {
			return b.script
		}
	}
	return noLetter
}

// kanji says whether a character is written so in Japanese only: a form of the reform of 1946 that China does
// not share, or one made in Japan.
func kanji(r rune) bool {
	switch r {
	case '発', '売', '読', '価', '変', '対', '応', '円', '図', '駅', '戦', '検', '験', '県', '気', '沢', '広', '実', '経', '済', '鉄', '帰',
		'歩', '関', '権', '観', '歓', '働', '込', '畑', '総', '薬', '悪', '亜', '圧', '囲', '壱', '栄', '営', '桜', '穏', '仮', '拡', '覚',
		'楽', '拠', '挙', '渓', '継', '軽', '鶏', '倹', '剣', '険', '圏', '顕', '厳', '効', '鉱', '砕', '斎', '剤', '桟', '賛', '歯',
		'釈', '収', '従', '渋', '獣', '縦', '粛', '処', '奨', '焼', '乗', '浄', '剰', '畳', '縄', '譲', '嬢', '醸', '粋',
		'酔', '穂', '髄', '瀬', '斉', '摂', '専', '銭', '繊', '曽', '捜', '挿', '巣', '騒', '増', '蔵', '臓', '続',
		'帯', '滝', '択', '単', '団', '弾', '遅', '鋳', '庁', '聴', '逓', '転', '伝', '闘', '徳', '弐', '悩', '脳', '覇', '拝',
		'髪', '抜', '浜', '払', '仏', '辺', '弁', '舗', '訳', '様', '謡', '頼', '覧', '竜', '両', '猟', '塁', '隷',
		'霊', '齢', '歴', '錬', '労', '録', '々':
		return true
	}
	return false
}

// hanzi says whether a character is common in Chinese and not written so in Japanese.
func hanzi(r rune) bool {
	switch r {
	case '这', '們', '们', '说', '說', '对', '對', '时', '为', '个', '发', '發', '开', '关', '關', '产', '业', '东', '车', '书',
		'长', '门', '问', '间', '见', '现', '实', '實', '经', '經', '网', '络', '你', '她', '吗', '呢', '从', '过', '还',
		'进', '动', '务', '电', '级', '让', '转', '轉', '與', '应', '應', '变', '變', '观', '觀', '权', '數', '气', '氣', '亿':
		return true
	}
	return false
}

// farsi and urdu are letters that Arabic does not write.
func farsi(r rune) bool {
	return r == 'پ' || r == 'چ' || r == 'ژ' || r == 'گ' || r == 'ک' || r == 'ی'
}
func urdu(r rune) bool {
	return r == 'ٹ' || r == 'ڈ' || r == 'ڑ' || r == 'ں' || r == 'ے' || r == 'ہ' || r == 'ھ'
}
