import random, re, gzip
import pytest
from sandbox.predictspring import Shop, dump
from tests.support.batch_lab import Lab
from tests.museum.exhibits import assert_closed, GOOD, IN_STORE, SEND_SALE
tok=[b'null',b'true',b'false',b'{}',b'[]',b'""',b'"x"',b'0',b'1',b'-1',b'1.5',b'1e5',b'NaN',b'Infinity',b'Inf',b',',b':',b'{',b'}',b'[',b']',b'"',b'\\',b'\\u0041',b'\\ud800',b'\\u0000',b'\n',b' ',b'\xff',b'\xc3\xa9',b'\x00',b'[null]',b'[{}]',b'{"a":null}', b'"orderId":"z",',b'"price":5,',b'1.23456',b'99999999999999999999',b'123456789012345678',b'-0.0',b'1e-7', b'"\\u0000"', b'[[]]', b'""""', b'9223372036854775807', b'-9223372036854775808',b'"'+b'x'*70000+b'"', b'"IN_STORE"', b'"ONLINE"', b'"254"', b'"USD"', b'"jpy"',b'"=1"',b'"a,b\\n"']
def mutate(rng,d):
    d=bytearray(d)
    for _ in range(rng.choice([1,1,1,2,3])):
        k=rng.random()
        ms=list(re.finditer(rb':("[^"]*"|-?[0-9.]+|true|false|null|\[[^\[\]{}]*\]|\{)',bytes(d)))
        if k<.75 and ms:
            m=rng.choice(ms); d[m.start(1):m.end(1)]=rng.choice(tok)
        elif k<.85:
            i=rng.randrange(len(d)); d[i:i]=rng.choice(tok)
        else:
            i=rng.randrange(len(d)); del d[i:i+rng.choice([1,1,2,20])]
    return bytes(d)
@pytest.mark.parametrize("seed",range(60,230))
def test_fuzz(tmp_path,monkeypatch,seed):
    rng=random.Random(seed)
    with Lab(tmp_path,monkeypatch,on_changed_order=rng.choice(["emit","exception"]),sync_in_store_orders=rng.random()<.8, feed_format=rng.choice(["csv","csv","json"])) as lab:
        shop=Shop(seed)
        for r in range(3):
            recs=[mutate(rng,dump(shop.order(rng.randrange(10,30),rng.choice(["in_store","send_sale","mixed"]),lines=rng.choice([1,2]),slim=True))) for _ in range(25)]
            files={"g1.json":dump({**IN_STORE,"orderId":f"G{seed}{r}"})}
            for i,x in enumerate(recs[:10]): files[f"f{i}"]=x
            files["lines"]=b"\n".join(recs[10:18]); files["array"]=b"["+b",".join(recs[18:])+b"]"; files["z.gz"]=gzip.compress(recs[0]+b"\n"+recs[1])
            files["g2.json"]=dump({**SEND_SALE,"orderId":f"H{seed}{r}"})
            res=lab.run(files)
            if res.order_feed[:1]!=b"[":
                assert_closed(res)
                if lab.record(f"G{seed}{r}").state.value=="READY": assert f"G{seed}{r}" in res.sent
                assert f"H{seed}{r}" in res.sent
            again=lab.transform(res.batch)
            assert (again.order_feed,again.variance)==(res.order_feed,res.variance)
            if rng.random()<.7: lab.publish(res)
