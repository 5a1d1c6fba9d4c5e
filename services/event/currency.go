package event

import (
	"fmt"
	"slices"
	"strings"
)

// currencies are the active codes of ISO 4217 (list one), without funds, metals and test codes. They are sorted.
var currencies = strings.Fields(`
	AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
	COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
	ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
	MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF
	SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU
	UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG`)

// CheckCurrency returns an error unless code is an active ISO 4217 code in capital letters.
func CheckCurrency(code string) error {
	if _, known := slices.BinarySearch(currencies, code); !known {
		return fmt.Errorf("%.12q is not a currency code of ISO 4217, such as GBP", strings.ToValidUTF8(code, "?"))
	}
	return nil
}
